import { appendFile, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { sha256 } from "../../src/sys/files.ts";
import { makeBin } from "../helpers/bin.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { makeProgramDist } from "../helpers/programs.ts";
import { makeProject } from "../helpers/project.ts";

test("`verify` prints every verdict, as text, data and Markdown, and exits with 1 when a check fails", async ({ folder }) => {
  const dist = await makeProgramDist(join(folder, "dist"));
  await rm(join(dist, "verified.json"));
  await using bin = await makeBin({ lintian: 'case "$1" in --version) echo "Lintian v2.116.3";; esac' });
  const env = { PATH: `${bin.path}:${process.env["PATH"]}` };
  const good = await kovnBuild(folder, ["verify", dist, "--no-run"], env);
  expect(good).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^integrity +pass .*\n +evidence +2 files/m) });
  expect(good.stdout).toMatch(/^pair +skipped +\S+ has only one of Open vSwitch and OVN$/m);

  const record = async () => JSON.parse(await readFile(join(dist, "verified.json"), "utf8")) as unknown;
  const artifacts = sha256(await readFile(join(dist, "artifacts.json")));
  expect(await record()).toMatchObject({ schema: 1, artifacts, run: false, checks: { integrity: "pass", pair: "skipped" } });

  await appendFile(join(dist, "notes.txt"), "by hand\n");
  const bad = await kovnBuild(folder, ["verify", dist, "--no-run", "--json"], env);
  expect(bad).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`Not verified: ${dist} (integrity).`) });
  const { verified } = JSON.parse(bad.stdout) as { readonly verified: readonly [{ readonly checks: readonly object[] }] };
  expect(verified[0]).toMatchObject({ path: dist, target: "linux", line: "1.0", variant: "default", arch: "amd64" });
  expect(await record()).toMatchObject({ checks: { integrity: "fail", pair: "skipped" } });
  expect(verified[0].checks[0]).toMatchObject({
    check: "integrity",
    verdict: "fail",
    problems: [expect.stringContaining("notes.txt")],
  });

  const markdown = await kovnBuild(folder, ["verify", dist, "--no-run", "--markdown"], env);
  expect(markdown.stdout).toContain(
    "| check | verdict | what it proves |\n|---|---|---|\n| integrity | fail | The files are those",
  );
  expect(markdown.stdout).toMatch(/^- problem: .*notes\.txt is one file too many/m);
});

test("`verify` of what no build made is an error", async ({ folder }) => {
  expect(await kovnBuild(folder, ["verify", folder])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining(`${folder} has no artifacts: neither it nor a folder in it has an artifacts.json.`),
  });
});

test("`build --verify` verifies what it built, and a second build keeps the record", async ({ folder }) => {
  const project = await makeProject(folder);
  const build = ["--target", "linux", "--unlocked"];
  const { exitCode, stdout, stderr } = await kovnBuild(project, [...build, "--verify"]);
  expect(stdout).toMatch(/^integrity +pass /m);
  expect(stdout).toMatch(/^install +skipped /m);
  // A text has no programs.
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("Not verified: ") });
  const path = join(project, "dist/linux/verified.json");
  const record = await readFile(path, "utf8");
  expect(JSON.parse(record)).toMatchObject({ run: true, checks: { integrity: "pass", install: "skipped" } });
  expect(await kovnBuild(project, build)).toMatchObject({ exitCode: 0 });
  expect(await readFile(path, "utf8")).toBe(record);
});
