import { mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Plan } from "../../src/index.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { makeProject, packaging } from "../helpers/project.ts";

/** A folder for PATH with the programs of this machine, without some. */
async function binWithout(folder: string, without: readonly string[]): Promise<string> {
  const bin = join(folder, "bin");
  await mkdir(bin);
  const paths = new Map<string, string>();
  for (const dir of (process.env["PATH"] ?? "").split(":"))
    for (const name of await readdir(dir).catch(() => [])) if (!paths.has(name)) paths.set(name, join(dir, name));
  for (const name of without) paths.delete(name);
  await Promise.all([...paths].map(async ([name, path]) => symlink(path, join(bin, name))));
  return bin;
}

describe("--root", () => {
  test("is in the plan, and the packages are for its distribution", async ({ folder }) => {
    const project = await makeProject(folder, packaging);
    const planned = async (root: string) => {
      const result = await kovnBuild(project, ["plan", "--target", "linux", "--unlocked", "--json", "--root", root]);
      return JSON.parse(result.stdout) as Plan;
    };
    const [host, bookworm, trixie] = [await planned("host"), await planned("debian:12"), await planned("debian:13")];
    expect([host.root, bookworm.root, trixie.root]).toEqual([undefined, "debian:12", "debian:13"]);
    expect(trixie.jobs[0]).toMatchObject({ distribution: "debian 13", versionSuffix: expect.stringMatching(/\.deb13$/) });
    expect(bookworm.jobs[0]?.versionSuffix).toBe(trixie.jobs[0]?.versionSuffix.replace(".deb13", ".deb12"));
    expect(new Set([host, bookworm, trixie].map(({ jobs }) => jobs[0]?.key)).size).toBe(3);
    const shown = await kovnBuild(project, ["plan", "--target", "linux", "--unlocked", "--root", "debian:13"]);
    expect(shown.stdout).toContain(", in debian:13: -O2\n");
  });

  test.for([
    ["an unknown root", ["--root", "debian:14"], "Root `debian:14` is unknown. Available: `host`, `debian:12`, "],
    [
      "a root for Windows",
      ["--target", "windows", "--root", "debian:13"],
      "`--root debian:13` is for packages of a distribution",
    ],
    ["a root and distcc", ["--root", "debian:13", "--distcc", "localhost"], "`--root` and `--distcc` exclude each other"],
    [
      "a root and a remote cache",
      ["--root", "debian:13", "--remote-cache", "redis://x"],
      "`--root` and `--remote-cache` exclude each other",
    ],
    [
      "a runner of containers and another architecture",
      ["--root", "debian:13", "--runner", "docker", "--arch", process.arch === "arm64" ? "amd64" : "arm64"],
      "`--runner docker` builds packages of this machine's architecture",
    ],
    ["a runner without a root", ["--runner", "podman"], "`--runner podman` runs the jobs of a root, and none is given."],
    ["a wrong mirror", ["--root", "debian:13", "--mirror", "ftp://x"], "`ftp://x` is not an address of a mirror."],
  ] as const)("%s is refused before anything runs", async ([, args, message], { folder }) => {
    const yaml = packaging["pipelines/test.yaml"] ?? "";
    const windows = yaml.replace("name: test", "name: other").replace("target: linux", "target: windows");
    const project = await makeProject(folder, { ...packaging, "pipelines/windows.yaml": windows });
    const result = await kovnBuild(project, ["build", "--target", "linux", "--unlocked", ...args]);
    expect(result).toMatchObject({ exitCode: 2, stdout: "" });
    expect(result.stderr).toContain(message);
  });

  test("whose mirror is in the environment is refused in the same way", async ({ folder }) => {
    const project = await makeProject(folder, packaging);
    const args = ["build", "--target", "linux", "--unlocked", "--root", "debian:13"];
    const result = await kovnBuild(project, args, { KOVN_MIRROR: "http://ok/debian security=nonsense" });
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain("`security=nonsense` is not an address of a mirror.");
  });

  test("that this machine cannot make is an error before anything runs, with what to install", async ({ folder }) => {
    const project = await makeProject(folder, packaging);
    const bin = await binWithout(folder, ["mmdebstrap", "bwrap"]);
    const result = await kovnBuild(project, ["build", "--target", "linux", "--unlocked", "--root", "ubuntu:24.04"], {
      PATH: bin,
    });
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toMatch(/root ubuntu:24\.04: no mmdebstrap, no bwrap/);
    expect(result.stderr).toContain("-> apt-get install --no-install-recommends mmdebstrap bubblewrap");
    expect(result.stderr).toContain("-> kovn-build doctor --target linux --root ubuntu:24.04, or as root");
    const doctor = await kovnBuild(project, ["doctor", "--target", "linux", "--root", "ubuntu:24.04"], { PATH: bin });
    expect(doctor).toMatchObject({ exitCode: 1 });
    expect(doctor.stdout).toMatch(/^missing +root ubuntu:24\.04: no mmdebstrap/m);
  });

  test("whose runner is missing is an error before anything runs, with what to install", async ({ folder }) => {
    const project = await makeProject(folder, packaging);
    const bin = await binWithout(folder, ["docker", "podman", "mmdebstrap", "bwrap"]);
    const args = ["--target", "linux", "--root", "debian:13", "--runner", "podman"];
    const result = await kovnBuild(project, ["build", "--unlocked", ...args], { PATH: bin });
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toMatch(/runner podman: no podman .*\n +-> apt-get install podman/);
    expect(result.stderr).toContain("-> kovn-build doctor --target linux --root debian:13 --runner podman, or as root");
    const doctor = await kovnBuild(project, ["doctor", ...args], { PATH: bin });
    expect(doctor.stdout).toMatch(/^missing +runner podman: no podman/m);
    const all = await kovnBuild(project, ["doctor", "--target", "linux"], { PATH: bin });
    expect(all.stdout).toMatch(/^warning +runner docker: no docker[^]*^warning +runner podman: no podman/m);
  });

  test("that is not made yet has no packages that `cache why` could compare", async ({ folder }) => {
    const project = await makeProject(folder, packaging);
    const result = await kovnBuild(project, ["cache", "why", "--target", "linux", "--unlocked", "--root", "debian:13"]);
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toContain("Root debian:13 of job `demo` is not made yet");
  });
});

describe("--arch", () => {
  const other = process.arch === "arm64" ? "amd64" : "arm64";
  const own = other === "arm64" ? "amd64" : "arm64";

  test("of another machine is planned as that machine would build it, or as a root here cross-compiles it", async ({
    folder,
  }) => {
    const project = await makeProject(folder, packaging);
    const planned = async (...args: readonly string[]) => {
      const result = await kovnBuild(project, ["plan", "--target", "linux", "--unlocked", "--json", "--arch", other, ...args]);
      return JSON.parse(result.stdout) as Plan;
    };
    const [there, here] = [await planned(), await planned("--root", "debian:12")];
    expect([there.arch, there.buildArch, here.arch, here.buildArch]).toEqual([other, undefined, other, own]);
    expect(here.jobs[0]?.packages).toContain(`crossbuild-essential-${other}`);
    const shown = await kovnBuild(project, ["plan", "--target", "linux", "--unlocked", "--arch", other, "--root", "debian:12"]);
    expect(shown.stdout).toContain(`, ${other}, in debian:12 on ${own}: -O2\n`);
  });

  test("of another machine is built in a root only, which `build`, `cache why` and `doctor` say", async ({ folder }) => {
    const project = await makeProject(folder, packaging);
    for (const command of [["build", "--unlocked"], ["cache", "why", "--unlocked"], ["doctor"]]) {
      const result = await kovnBuild(project, [...command, "--target", "linux", "--arch", other]);
      expect(result).toMatchObject({ exitCode: 2, stdout: "" });
      expect(result.stderr).toContain(`-> cross-compile in a root: kovn-build --target linux --root debian:12 --arch ${other}`);
    }
    const unknown = await kovnBuild(project, ["doctor", "--target", "linux", "--arch", "amd46"]);
    expect(unknown.stderr).toContain("Architecture `amd46` is unknown. Available: `amd64`, `arm64`.");
    const doctor = await kovnBuild(project, ["doctor", "--target", "linux", "--arch", other, "--root", "debian:12"]);
    expect(doctor.stdout).toMatch(/^(?:ok|warning) +qemu-user-static: /m);
    expect(doctor.stdout).toMatch(new RegExp(`^(?:ok|warning) +programs of ${other}: .* \\(expected: run by QEMU, `, "m"));
  });
});
