import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";

const cli = resolve("build/cli.js");

async function emptyFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "kovn-prove-test-"));
  return { path, [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }) };
}

async function prove(...args: readonly string[]) {
  const { exitCode, stdout, stderr } = await execa("node", [cli, "patches", "prove", ...args], { reject: false });
  return { exitCode, stdout, stderr };
}

test("a folder without programs proves nothing: each entry is skipped, and that is a failure", async () => {
  await using folder = await emptyFolder();
  const { exitCode, stdout, stderr } = await prove("--programs", folder.path, "--json");
  const { entries } = JSON.parse(stdout) as { entries: { entry: number; verdict: string; seed: string; why: string }[] };
  expect(entries.map(({ entry }) => entry)).toEqual(Array.from({ length: 18 }, (_, index) => index + 1));
  expect(new Set(entries.map(({ verdict }) => verdict))).toEqual(new Set(["skipped"]));
  expect(entries[0]).toEqual({
    entry: 1,
    seed: "38df6fa3f7",
    after: `no program of ovs below ${folder.path}`,
    verdict: "skipped",
    why: `no program of ovs below ${folder.path}`,
  });
  expect(stderr).toContain("Nothing was proved: all entries were skipped.");
  expect(exitCode).toBe(1);
});

test("with --only, a source without programs is a failure", async () => {
  await using folder = await emptyFolder();
  const { exitCode, stdout } = await prove("4", "--only", "ovs", "--programs", folder.path);
  expect(stdout).toContain("fail     no program of ovs below");
  expect(exitCode).toBe(1);
});

test("a missing program of a source that has others is a failure, and named", async () => {
  await using folder = await emptyFolder();
  await writeFile(join(folder.path, "ovsdb-tool"), "#!/bin/sh\n");
  await chmod(join(folder.path, "ovsdb-tool"), 0o755);
  const { exitCode, stdout } = await prove("1", "--programs", folder.path);
  expect(stdout).toContain("there is no ovsdb-server, ovs-appctl, vswitch.ovsschema");
  expect(exitCode).toBe(1);
});

test("a program that cannot be run is a failure that tells what it said", async () => {
  await using folder = await emptyFolder();
  await writeFile(join(folder.path, "ovsdb-tool"), "#!/bin/sh\necho 'ovsdb-tool: no such library' >&2\nexit 127\n");
  await chmod(join(folder.path, "ovsdb-tool"), 0o755);
  const { exitCode, stdout } = await prove("4", "--programs", folder.path);
  expect(stdout).toMatch(/^ 4 .* fail .*no such library/);
  expect(exitCode).toBe(1);
});

const wrong: readonly [string, readonly string[], string][] = [
  ["an unknown entry", ["19", "--programs", "."], "Entry `19` is unknown."],
  ["a folder that does not exist", ["--programs", "/nonexistent"], "Folder /nonexistent cannot be read."],
  ["an unknown source", ["--only", "ovz", "--programs", "."], "Source `ovz` is unknown."],
  [
    "an entry of another source than --only",
    ["5", "--only", "ovs", "--programs", "."],
    "None of the entries 5 belongs to `ovs`.",
  ],
  ["no --programs", ["1"], "Required option '--programs <dir>' not specified."],
];
test.each(wrong)("%s is a wrong argument", async (_, args, message) => {
  const { exitCode, stdout, stderr } = await prove(...args);
  expect(stderr).toContain(message);
  expect(stdout).toBe("");
  expect(exitCode).toBe(2);
});
