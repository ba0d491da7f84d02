import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { cli, kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { foreign, makeForeign } from "../helpers/import.ts";
import { until } from "../helpers/processes.ts";
import { makeProject } from "../helpers/project.ts";

test("one command for each source makes a line of a foreign series, which every command takes", async ({ folder }) => {
  const project = await makeProject(folder);
  const { series, tree, pin } = await makeForeign(folder, foreign.slice(0, 6));
  const args = ["patches", "import", "demo", series, "--pin", "main", "--line", "v2.0.1"];
  const before = await contentOf(join(project, "patches"));
  const dry = await kovnBuild(project, [...args, "--dry-run"]);
  expect(dry, dry.stderr).toMatchObject({ exitCode: 0 });
  expect(dry.stdout).toContain(`demo 1.2.3 (main, ${pin.slice(0, 12)}), line 2.0, new: 6 patches added, revision 1\n`);
  expect(dry.stdout).toContain("\n    2  moved-lines.patch       Moved lines\n");
  expect(dry.stdout).toContain("\n1, 2, 3, 4, 5, 6: it names no author and no date; the date is that of the pinned commit\n");
  expect(dry.stdout).toMatch(/\nNothing is written\.$/);
  expect(await contentOf(join(project, "patches"))).toEqual(before);
  const done = await kovnBuild(project, [...args, "--json"]);
  expect(done, done.stderr).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(done.stdout)).toMatchObject({ schema: 1, line: "2.0", source: "demo", patched: { tree }, written: true });
  for (const command of [["check"], ["apply", "demo", "tree"]])
    expect(await kovnBuild(project, ["patches", ...command, "--line", "2.0"])).toMatchObject({ exitCode: 0 });
  expect(await kovnBuild(project, ["patches", "export", "demo", "tree"])).toMatchObject({ stdout: "6 of 6 patches unchanged" });
  const none = await kovnBuild(project, ["patches", "import", "demo"]);
  expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("No patches are given.") });
});

test("a killed import leaves the project unchanged, and the next one writes all of it", async ({ folder }) => {
  const project = join(folder, "empty");
  for (const name of ["patches", "pipelines"]) await mkdir(join(project, name), { recursive: true });
  await makeProject(folder);
  const { series } = await makeForeign(folder);
  const args = ["patches", "import", "demo", series, "--pin", "main", "--line", "2.0", "--upstream", join(folder, "upstream")];
  const tmp = join(project, ".kovn/tmp");
  const isThere = (name: string) => existsSync(tmp) && readdirSync(tmp).some((dir) => existsSync(join(tmp, dir, name)));
  for (const name of ["tree", "mails"]) {
    const child = spawn(process.execPath, [cli, ...args], {
      cwd: project,
      env: { PATH: process.env["PATH"] ?? "", HOME: project },
      stdio: "ignore",
    });
    const end = once(child, "exit");
    await until(`the import makes its ${name}`, () => isThere(name));
    child.kill("SIGKILL");
    await end;
    expect(await readdir(join(project, "patches"))).toEqual([]);
  }
  const done = await kovnBuild(project, args);
  expect(done, done.stderr).toMatchObject({ exitCode: 0 });
  expect(await readdir(join(project, "patches"))).toEqual(["2.0"]);
  expect((await readdir(join(project, "patches/2.0"))).toSorted()).toEqual(["demo", "lock.json"]);
  expect(await readdir(tmp)).toEqual([]);
});
