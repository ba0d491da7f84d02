import { appendFile, cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, describe, expect, test } from "vitest";
import { contentOf } from "../helpers/content.ts";
import { isNightly } from "../helpers/nightly.ts";
import { fromDebian, ovsArgs } from "./from-debian.ts";
import { kovnBuild, temporaryFolder } from "./machine.ts";
import { ovsBuild } from "./ovs-build.ts";

const again = /^kovn-build: configured before: its files are used again$/m;

/** What is changed, in which file, and what the log says of configuring. */
const changes = [
  { what: "a .c file", path: "ovsdb/raft.c", from: /(?<=#define ELECTION_BASE_MSEC )\d+/, to: "4321", says: again },
  { what: "a header", path: "lib/mac-learning.h", from: /(?<=#define MAC_ENTRY_DEFAULT_IDLE_TIME )\d+/, to: "321", says: again },
  {
    what: "configure.ac",
    path: "configure.ac",
    from: "bugs@openvswitch.org",
    to: "edited@example.com",
    says: /^kovn-build: configured now \(file ovs\/src\/configure\.ac: changed\)$/m,
  },
] as const;

describe("Open vSwitch, configured before", async () => {
  const folder = await temporaryFolder();
  afterAll(async () => folder[Symbol.asyncDispose]());

  /** Makes a project with the cache of the build that the tests share. */
  const makeProject = async (name: string, built: string) => {
    const project = join(folder.path, name);
    await mkdir(project);
    for (const part of ["patches", "pipelines"]) await cp(part, join(project, part), { recursive: true });
    await cp(join(built, ".kovn"), join(project, ".kovn"), { recursive: true });
    return project;
  };

  /** Builds a project with the cache and without, compares the packages, and returns the log of the first. */
  const compareBuilds = async (project: string) => {
    const build = ["build", ...ovsArgs, "--unlocked"];
    await kovnBuild(project, build);
    const [run = ""] = await readdir(join(project, ".kovn/runs"));
    const log = await readFile(join(project, ".kovn/runs", run, "ovs/log"), "utf8");
    const packages = await packagesOf(project);
    expect(Object.keys(packages)).toHaveLength(8);
    await kovnBuild(project, [...build, "--no-cache"]);
    const whole = await packagesOf(project);
    expect(Object.keys(packages)).toEqual(Object.keys(whole));
    expect(Object.keys(packages).filter((path) => packages[path] !== whole[path])).toEqual([]);
    await rm(project, { recursive: true });
    return log;
  };

  const packagesOf = async (project: string) => {
    const all = Object.entries(await contentOf(join(project, "dist/linux")));
    return Object.fromEntries(all.filter(([path]) => path.endsWith(".deb")));
  };

  // Two builds each, one of them without any cache.
  test.skipIf(!isNightly).for(changes)(
    "makes the same packages as from scratch after a change of $what (nightly)",
    async (change) => {
      const project = await makeProject("edited", await ovsBuild());
      const tree = join(folder.path, "tree");
      await kovnBuild(project, ["patches", "apply", "ovs", tree, ...fromDebian]);
      const text = await readFile(join(tree, change.path), "utf8");
      const edited = text.replace(change.from, change.to);
      expect(edited).not.toBe(text);
      await writeFile(join(tree, change.path), edited);
      const { stdout } = await execa("git", ["diff"], { cwd: tree, stripFinalNewline: false });
      const packaging = join(project, "patches/1.12/ovs/packaging");
      const [header] = (await readFile(join(packaging, "kube-ovn-document.patch"), "utf8")).split("\n---\n");
      await writeFile(join(packaging, "edited.patch"), `${header}\n---\n\n${stdout}`);
      await appendFile(join(packaging, "debian.series"), "edited.patch\n");
      await rm(tree, { recursive: true });
      expect(await compareBuilds(project)).toMatch(change.says);
    },
  );

  test.skipIf(!isNightly)("makes the same packages as from scratch without a patch of the series (nightly)", async () => {
    const project = await makeProject("dropped", await ovsBuild());
    const patches = join(project, "patches/1.12/ovs");
    const dropped = "stream-ssl-key-and-cert.patch";
    const text = await readFile(join(patches, "series"), "utf8");
    await writeFile(join(patches, "series"), text.replace(`${dropped}\n`, ""));
    await rm(join(patches, dropped));
    expect(await compareBuilds(project)).toMatch(again);
  });
});
