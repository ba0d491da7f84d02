import { cp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, test } from "vitest";
import { contentOf } from "../helpers/content.ts";
import { isNightly } from "../helpers/nightly.ts";
import { ovsArgs } from "./from-debian.ts";
import { kovnBuild, temporaryFolder } from "./machine.ts";
import { ovsBuild } from "./ovs-build.ts";

/**
 * The packaging patches that skip work for files that no package contains. Dependency notes stay
 * off: with them ccache would have few hits.
 */
const skipping = ["no-source-tarball.patch", "no-test-programs.patch", "manual-pages-only.patch"];
/** The others, without which Debian's rules do not build here, or a package lacks a file. */
const needed = ["no-dpdk.patch", "kube-ovn-document.patch"];

interface Manifest {
  readonly jobs: readonly { readonly compilerCache: { readonly hits: number; readonly misses: number } }[];
}

async function compilations(project: string) {
  const { jobs } = JSON.parse(await readFile(join(project, "dist/linux/artifacts.json"), "utf8")) as Manifest;
  return jobs[0]?.compilerCache ?? { hits: 0, misses: 0 };
}

/** The files of a package, path to content, without its version and what depends on it. */
async function unpack(dist: string, name: string, dir: string) {
  const file = (await readdir(dist)).find((entry) => entry.startsWith(`${name}_`)) ?? "";
  await execa("dpkg-deb", ["--raw-extract", join(dist, file), dir]);
  await execa("gunzip", [join(dir, "usr/share/doc", name, "changelog.Debian.gz")]);
  const plain = (text: string) =>
    text.replaceAll(/\+kovn\d+\.[0-9a-f]{8}/g, "").replaceAll(/^\S+ {2}.*changelog\.Debian\.gz\n/gm, "");
  const files = await contentOf(dir);
  return Object.fromEntries(Object.entries(files).map(([path, content]) => [path, plain(content)]));
}

/**
 * The mode, owner and path of each file of each package, debug packages too, by package name. Debug
 * files are named after their content.
 */
async function listings(dist: string): Promise<Readonly<Record<string, string>>> {
  const files = (await readdir(dist, { recursive: true })).filter((file) => file.endsWith(".deb")).toSorted();
  const lists = files.map(async (file) => {
    const { stdout } = await execa("dpkg-deb", ["--contents", join(dist, file)]);
    return [file.replace(/_.*/, ""), stdout.replaceAll(/ +\d+ \d{4}-\d\d-\d\d \d\d:\d\d /g, " ")] as const;
  });
  return Object.fromEntries(await Promise.all(lists));
}

describe("the work that a build skips", async () => {
  const folder = await temporaryFolder();
  afterAll(async () => folder[Symbol.asyncDispose]());

  // A second build of all packages, which only a change of the packaging can make fail.
  test.skipIf(!isNightly)("does not change any file or field of the packages (nightly)", async () => {
    const built = await ovsBuild();
    const slow = join(folder.path, "slow");
    await mkdir(slow);
    for (const name of ["patches", "pipelines"]) await cp(name, join(slow, name), { recursive: true });
    const series = join(slow, "patches/1.12/ovs/packaging/debian.series");
    const text = await readFile(series, "utf8");
    expect(text.match(/^[a-z-]+\.patch$/gm)?.toSorted()).toEqual([...skipping, ...needed].toSorted());
    await writeFile(series, `${needed.join("\n")}\n`);
    await cp(join(built, ".kovn"), join(slow, ".kovn"), { recursive: true });
    await kovnBuild(slow, ["build", ...ovsArgs, "--unlocked"]);
    // The same sources in another folder; upstream's tests compile programs of their own.
    const { hits, misses } = await compilations(built);
    expect((await compilations(slow)).hits / (hits + misses)).toBeGreaterThan(0.95);
    const lists = await listings(join(built, "dist/linux"));
    expect(lists).toEqual(await listings(join(slow, "dist/linux")));
    expect(lists["debug/openvswitch-switch-dbgsym"]).toMatch(/\.build-id\/..\/[0-9a-f]+\.debug$/m);
    for (const name of Object.keys(lists).filter((list) => !list.startsWith("debug/"))) {
      const fast = await unpack(join(built, "dist/linux"), name, join(folder.path, `fast-${name}`));
      const whole = await unpack(join(slow, "dist/linux"), name, join(folder.path, `slow-${name}`));
      expect(Object.keys(fast)).toEqual(Object.keys(whole));
      expect(Object.keys(fast).filter((path) => fast[path] !== whole[path])).toEqual([]);
    }
  });
});
