import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import type { Manifest } from "../../src/index.ts";
import { checkRoots } from "../../src/machine/roots.ts";
import { knownRoots } from "../../src/root/known.ts";
import { host } from "../helpers/host.ts";
import { startBuild } from "../helpers/jobs.ts";
import { makeProject, writeFiles } from "../helpers/project.ts";
import { demoPackage } from "./demo-package.ts";
import { kovnBuild, temporaryFolder } from "./machine.ts";

const root = "debian:13";
const [check] = await checkRoots(
  host,
  knownRoots.find(({ name }) => name === root),
);
const cannot = check?.status === "ok" ? undefined : (check?.found ?? "unknown");

/** Mounts of this machine below a folder. */
async function mountsBelow(folder: string): Promise<readonly string[]> {
  return (await readFile("/proc/self/mountinfo", "utf8")).split("\n").filter((row) => row.includes(` ${folder}`));
}

test.skipIf(cannot !== undefined)(
  `a package is built in a root of Debian 13, which is kept and leaves nothing when it is killed${cannot === undefined ? "" : `: ${cannot}`}`,
  async () => {
    await using folder = await temporaryFolder();
    const project = await makeProject(folder.path, { "pipelines/test.yaml": demoPackage });
    const roots = async () => (await readdir(join(project, ".kovn/roots"))).filter((name) => name !== "archives");

    const killed = startBuild(project, {}, ["--root", root, "--unlocked"]);
    await expect.poll(() => killed.said(), { timeout: 300_000, interval: 200 }).toMatch(/make root debian:13/);
    await expect.poll(async () => (await roots()).join(" "), { timeout: 60_000 }).toMatch(/\.next/);
    process.kill(killed.pid, "SIGKILL");
    await killed.ended;
    expect(await mountsBelow(folder.path)).toEqual([]);

    await kovnBuild(project, ["--target", "linux", "--root", root, "--unlocked"]);
    expect(await roots()).toEqual([expect.stringMatching(/^debian-13-amd64-[0-9a-f]{16}-[0-9a-f]{16}$/)]);
    expect(await mountsBelow(folder.path)).toEqual([]);
    const dist = join(project, "dist/linux");
    expect(await readFile(join(dist, "seen.txt"), "utf8")).toBe(
      "release: 13\ninterfaces: 1\nroot: read-only\nhome: 0\nuser: builder\n",
    );
    const manifest = JSON.parse(await readFile(join(dist, "artifacts.json"), "utf8")) as Manifest;
    const deb = manifest.artifacts.find((artifact) => artifact.package === "demo");
    expect(deb?.version).toMatch(/^1\.2-3\+kovn1\.[0-9a-f]{8}\.deb13$/);
    const { stdout } = await execa("dpkg-deb", ["--field", join(dist, deb?.file ?? ""), "Depends"]);
    expect(stdout).toMatch(/^libc6 \(/);
    const [job] = manifest.jobs;
    expect(job).toMatchObject({
      distribution: "debian 13",
      root: { name: root, packages: { "base-files": expect.stringMatching(/^13/) } },
    });
    expect(Object.keys(job?.root?.packages ?? {})).toEqual(expect.arrayContaining(["ccache", "debhelper", "dpkg", "libc6"]));
    expect(job?.tools["debhelper"]).toBe(job?.root?.packages["debhelper"]);

    await writeFiles(project, { "dist/linux/seen.txt": undefined });
    const again = await execa(
      "node",
      ["build/cli.js", "--target", "linux", "--root", root, "--unlocked"].with(0, join(process.cwd(), "build/cli.js")),
      {
        cwd: project,
      },
    );
    expect(again.stderr).toContain("demo: cached result of ");
    expect(again.stderr).not.toContain("make root");
    await kovnBuild(project, ["cache", "prune", "--size", "0"]);
    expect((await roots()).filter((name) => !name.endsWith(".lock"))).toEqual([]);
  },
);
