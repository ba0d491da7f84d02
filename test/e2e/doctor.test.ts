import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeProject, type TestProject } from "../helpers/project.ts";

const missing = "no-such-package-of-debian";

async function demand(project: TestProject, packages: readonly string[]): Promise<void> {
  const path = join(project.dir, "pipelines/linux.yaml");
  const pipeline = JSON.parse(await readFile(path, "utf8")) as { jobs: { demo: object } };
  pipeline.jobs.demo = { ...pipeline.jobs.demo, packages };
  await writeFile(path, JSON.stringify(pipeline));
}

describe("doctor", () => {
  test("on a machine that has everything it exits 0 with a line for each thing", async () => {
    await using project = await makeProject({ demo: {} });
    await demand(project, ["coreutils"]);
    const { exitCode, stdout } = await project.run(["doctor", "--target", "linux", "--jobs", "1"]);
    expect(exitCode).toBe(0);
    for (const name of ["git", "apt-get", "Debian packages", "disk space", "memory"])
      expect(stdout).toMatch(new RegExp(`^ok +${name}: `, "m"));
  });

  test("what is missing makes it exit 1, with the command that mends it", async () => {
    await using project = await makeProject({ demo: {} });
    await demand(project, ["coreutils", missing]);
    const { exitCode, stdout, stderr } = await project.run(["doctor", "--target", "linux"]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`-> apt-get install --no-install-recommends ${missing}\n`);
    expect(stderr).toBe("This machine lacks Debian packages.\n  -> kovn-build doctor --target linux --fix (as root)");
  });

  test("--json is one object on stdout", async () => {
    await using project = await makeProject({ demo: {} });
    const { stdout } = await project.run(["doctor", "--target", "linux", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      checks: expect.arrayContaining([expect.objectContaining({ name: "git" })]),
    });
  });

  test("a build that the machine cannot do says the same before anything runs", async () => {
    await using project = await makeProject({ demo: {} });
    await demand(project, [missing]);
    const { exitCode, stderr } = await project.run(["--target", "linux"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`Debian packages: not installed: ${missing}`);
    expect(stderr).toContain(`-> apt-get install --no-install-recommends ${missing}\n`);
    expect(existsSync(join(project.dir, ".kovn"))).toBe(false);
  });
});
