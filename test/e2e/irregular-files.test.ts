import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { demo, makeProject, packaging, pipelineYaml } from "../helpers/project.ts";

const build = ["--target", "linux"];
const publish = ["publish", "--allow-unverified", "--to", "dir=out"];

/** Files that a command reads, each with its arguments and exit code. */
const files: readonly (readonly [file: string, args: readonly string[], exitCode: number])[] = [
  [`${demo}/series`, build, 2],
  [`${demo}/source.yaml`, build, 2],
  [`${demo}/greet-world.patch`, build, 2],
  [`${demo}/packaging/series`, build, 2],
  ["patches/1.0/lock.json", build, 2],
  ["patches/seed.yaml", ["patches", "list"], 2],
  ["pipelines/test.yaml", build, 2],
  ["pipelines/input", build, 2],
  ["dist/linux/artifacts.json", publish, 2],
  ["dist/linux/greeting.txt", publish, 1],
];

/** Makes a project that was built, of which every file is read. */
async function built(folder: string): Promise<string> {
  const yaml = pipelineYaml("cp greeting.txt ../out/").concat("    packaging: true\n    inputs: [input]\n");
  const project = await makeProject(folder, { ...packaging, "pipelines/test.yaml": yaml, "pipelines/input": "x" });
  expect(await kovnBuild(project, build)).toMatchObject({ exitCode: 0 });
  return project;
}

test("a FIFO where a file is expected is named, and nothing waits for it", async ({ folder }) => {
  const project = await built(folder);
  for (const [file, args, exitCode] of files) {
    const path = join(project, file);
    await rename(path, join(folder, "real")).catch(() => undefined);
    await execa("mkfifo", [path]);
    const result = await kovnBuild(project, args);
    expect(result.stderr, file).toMatch(/it is a FIFO, not a regular file|is not a regular file/);
    expect(result.stderr, file).toContain(file);
    expect(result.stderr, file).not.toMatch(/^ +at |bug in kovn-build/m);
    expect(result.exitCode, file).toBe(exitCode);
    await rm(path);
    await rename(join(folder, "real"), path).catch(() => undefined);
  }
});

test("a build goes on without a cache that has a FIFO where a file is expected", async ({ folder }) => {
  const project = await built(folder);
  for (const file of ["version", "jobs"]) {
    const path = join(project, ".kovn/cache", file);
    await rename(path, join(folder, "real"));
    await execa("mkfifo", [path]);
    const result = await kovnBuild(project, build);
    expect(result.exitCode, file).toBe(0);
    expect(result.stderr, file).toMatch(/does not hold the cache's version|not a folder|something else is in the way/);
    await rm(path);
    await rename(join(folder, "real"), path);
  }
});
