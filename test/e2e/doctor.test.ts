import { existsSync, readdirSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { changeJobs, makeJobs } from "../helpers/jobs.ts";
import { makeProject, packaging, writeFiles } from "../helpers/project.ts";

const missing = "no-such-package-of-debian";

describe("doctor", () => {
  test("exits 0 with a line for each check on a machine that has everything", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { packages: ["coreutils"] } });
    const { exitCode, stdout } = await kovnBuild(project, ["doctor", "--target", "linux", "--jobs", "1"]);
    expect(exitCode).toBe(0);
    for (const name of ["git", "apt-get", "Debian packages", "disk space", "memory"])
      expect(stdout).toMatch(new RegExp(`^ok +${name}: `, "m"));
    expect(stdout).not.toContain("line:");
  });

  test("looks at the distribution where packages are for it, and not in a root or for other jobs", async ({ folder }) => {
    const project = await makeProject(folder, packaging);
    const check = async (...args: readonly string[]) =>
      (await kovnBuild(project, ["doctor", "--target", "linux", ...args])).stdout;
    expect(await check()).toMatch(/^(ok|warning) +distribution: .* \(expected: one of debian 12, /m);
    expect(await check("--root", "debian:13")).not.toContain("distribution:");
    await changeJobs(project, { demo: {} });
    expect(await check()).not.toContain("distribution:");
  });

  test("exits 1 when something is missing, with the command that fixes it", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { packages: ["coreutils", missing] } });
    const { exitCode, stdout, stderr } = await kovnBuild(project, ["doctor", "--target", "linux"]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`-> apt-get install --no-install-recommends ${missing}\n`);
    expect(stderr).toMatch(
      /^Missing on this machine: Debian packages\.\n {2}-> kovn-build doctor --target linux --fix \(as root\)$/m,
    );
  });

  test("warns of a line that is not supported any more, and names one that is", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: {} });
    const lines = [
      '{ line: "1.0", standsFor: Kube-OVN 1.0, supportedUntil: 2020-01 }',
      '{ line: "1.1", supportedUntil: "9999" }',
    ];
    await writeFiles(project, {
      "patches/1.1/demo/series": "",
      "patches/lines.yaml": `default: "1.0"\nlines: [${lines.join(", ")}]\n`,
    });
    const { stdout } = await kovnBuild(project, ["doctor", "--target", "linux"]);
    expect(stdout).toContain(
      "warning  line: 1.0 (Kube-OVN 1.0, supported until 2020-01) (expected: a line that is supported)\n           -> --line 1.1\n",
    );
    const newer = await kovnBuild(project, ["doctor", "--target", "linux", "--line", "1.1"]);
    expect(newer.stdout).toContain("ok       line: 1.1 (supported until 9999)");
  });

  test("prints one object on stdout with --json", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: {} });
    const { stdout } = await kovnBuild(project, ["doctor", "--target", "linux", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      checks: expect.arrayContaining([expect.objectContaining({ name: "git" })]),
    });
  });

  test("reports the same in a build, before anything runs", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { packages: [missing] } });
    const { exitCode, stderr } = await kovnBuild(project, ["--target", "linux"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`Debian packages: not installed: ${missing}`);
    expect(stderr).toContain(`-> apt-get install --no-install-recommends ${missing}\n`);
    expect(readdirSync(join(project, ".kovn"))).toEqual(["runs"]);
  });

  test("refuses a folder that configure and make do not take, as every command does that builds", async ({ folder }) => {
    const made = await makeJobs(folder, { demo: {} });
    const project = join(folder, "issue#12 (new)");
    await rename(made, project);
    const checked = await kovnBuild(project, ["doctor", "--target", "linux"]);
    expect(checked.exitCode).toBe(1);
    expect(checked.stdout).toMatch(/^missing +build path: ".*" has `#`, a space, `\(`, `\)` \(expected: .*\)$/m);
    for (const args of [
      ["--target", "linux"],
      ["patches", "suite", "demo"],
    ]) {
      const { exitCode, stderr } = await kovnBuild(project, args);
      expect(stderr).toMatch(/^This folder cannot be built in: ".*\/\.kovn" has `#`, a space, `\(`, `\)` .*\n {2}-> move /m);
      expect(exitCode).toBe(2);
    }
    expect(existsSync(join(project, ".kovn"))).toBe(false);
    expect((await kovnBuild(project, ["plan", "--target", "linux"])).exitCode).toBe(0);
  });
});
