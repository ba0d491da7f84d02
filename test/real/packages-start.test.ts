import { cp, mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readLines } from "../../src/config/lines.ts";
import type { Manifest } from "../../src/index.ts";
import { isNightly } from "../helpers/nightly.ts";
import { inRoot, kovnBuild, makeRoot, temporaryFolder, type Distribution } from "./machine.ts";

/** Packages whose services a machine starts; the others need more than a clean root has. */
const installed = ["openvswitch-common", "openvswitch-switch", "python3-openvswitch", "ovn-common", "ovn-central", "ovn-host"];

interface Packages {
  readonly files: ReadonlyMap<string, string>;
  /** What they were built on and are for. */
  readonly distribution: Distribution;
}

/** The packages of a folder by name; undefined if it lacks those of OVN. */
async function packagesIn(dist: string): Promise<Packages | undefined> {
  const { artifacts, jobs } = JSON.parse(await readFile(join(dist, "artifacts.json"), "utf8")) as Manifest;
  const files = new Map(
    artifacts.flatMap(({ file, package: name }) => (name === undefined ? [] : [[name, join(dist, file)] as const])),
  );
  return files.has("ovn-host") ? { files, distribution: jobs[0]?.distribution as Distribution } : undefined;
}

/**
 * The packages that KOVN_TEST_DIST names; else those of each line: the nightly workflow on GitHub,
 * where upstream's OVN is, builds them.
 */
const dist = process.env["KOVN_TEST_DIST"];
const given = dist === undefined ? undefined : await packagesIn(resolve(dist));
const canBuild = dist === undefined && isNightly && process.env["GITHUB_ACTIONS"] === "true";
const lines = given === undefined ? (await readLines({ root: resolve("."), work: "" })).all.map(({ name }) => name) : ["any"];

describe.skipIf(given === undefined && !canBuild).each(lines)("packages of line %s in a clean root", async (line) => {
  const folder = await temporaryFolder();
  const root = join(folder.path, "root");

  beforeAll(async () => {
    if (given === undefined) await kovnBuild(folder.path, ["build", "--target", "linux", "--line", line, "--install-deps"]);
    const packages = given ?? (await packagesIn(join(folder.path, "dist/linux")));
    await makeRoot(root, packages?.distribution);
    await mkdir(join(root, "debs"));
    for (const name of installed) await cp(packages?.files.get(name) ?? `${name} is missing`, join(root, "debs", `${name}.deb`));
    return () => folder[Symbol.asyncDispose]();
  });

  test("apt installs them, and each package starts its services", async () => {
    // Without this file, nothing is started in a root that has no init system.
    await inRoot(root, "printf '#!/bin/sh\\nexit 0\\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d");
    await inRoot(root, "apt-get -q update && apt-get -qy install --no-install-recommends /debs/*.deb");
    const { stdout } = await inRoot(root, "dpkg-query -W -f '${Package} ${db:Status-Abbrev}\\n' 'ovn-*' 'openvswitch-*'");
    for (const name of installed.filter((one) => !one.startsWith("python3"))) expect(stdout).toContain(`${name} ii`);
  });

  test("their files are as dpkg installed them", async () => {
    expect((await inRoot(root, `dpkg --verify ${installed.join(" ")}`)).stdout).toBe("");
  });

  test("their init scripts start all services, and set-connection lets the databases listen", async () => {
    await cp("test/real/start-services.sh", join(root, "start-services.sh"));
    const { stdout } = await inRoot(root, "unshare --net sh /start-services.sh");
    expect(stdout.trim().split("\n")).toEqual([
      "openvswitch-switch: running",
      "ovn-central: running",
      "ovn-host: running",
      "ovn-controller: registered",
      "6641: OVN_Northbound",
      "6642: OVN_Southbound",
    ]);
  });

  test("`ovsdb-tool fix-cluster` repairs a database whose last record was cut", async () => {
    await cp("test/real/fix-cluster.sh", join(root, "fix-cluster.sh"));
    const { stdout } = await inRoot(root, "sh /fix-cluster.sh");
    expect(stdout.trim().split("\n")).toEqual(["cut: seen", "bridges: br0"]);
  });
});
