import { cp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import type { Inspection, Manifest, Verification } from "../../src/index.ts";
import type { SuiteSummary } from "../../src/suite/summary.ts";
import { isNightly } from "../helpers/nightly.ts";
import { fromDebian, ovsArgs } from "./from-debian.ts";
import { inRoot, kovnBuild, makeRoot, temporaryFolder } from "./machine.ts";
import { ovsBuild } from "./ovs-build.ts";

/** Prints three facts that the series changes, one per line. */
const behaviour = `
cd "$(mktemp -d)"
export OVS_RUNDIR=$PWD OVS_LOGDIR=$PWD OVS_DBDIR=$PWD
echo "sid: $(ovsdb-tool --help | grep -c -e '--sid')"
ovsdb-tool create-cluster s1.db /usr/share/openvswitch/vswitch.ovsschema unix:s1.raft
ovsdb-server --detach --no-chdir --pidfile=s1.pid --unixctl=$PWD/s1.ctl --log-file=s1.log --remote=punix:$PWD/s1.sock s1.db
ovs-appctl -t $PWD/s1.ctl cluster/status Open_vSwitch | grep 'Election timer'
ovsdb-tool create conf.db /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server --detach --no-chdir --pidfile=db.pid --unixctl=$PWD/db.ctl --log-file=db.log --remote=punix:$PWD/db.sock conf.db
ovs-vsctl --db=unix:$PWD/db.sock --no-wait init
ovs-vswitchd --detach --no-chdir --pidfile=vs.pid --unixctl=$PWD/vs.ctl --log-file=vs.log --enable-dummy=override --disable-system unix:$PWD/db.sock
ovs-vsctl --timeout=20 --db=unix:$PWD/db.sock add-br br0 -- set bridge br0 datapath_type=dummy
echo "bridge: $(ovs-vsctl --db=unix:$PWD/db.sock list-br)"
grep -q malloc_trim "$(readlink -f "$(command -v ovs-vswitchd)")" && echo "trim: yes" || echo "trim: no"
for pid in *.pid; do kill "$(cat "$pid")"; done
`;

/** A test that the series adds for each entry that has one, by words of its title. */
const addedTests = [
  "OVSDB cluster - default election timer",
  "from a cached flow",
  "reflected packets",
  "join-cluster with a server ID",
  "ovsdb-client - default server",
  "reuse the OpenFlow port number",
  "return free memory",
];

/** Makes a project in which upstream compiles without optimisations, which takes a quarter of the time. */
async function withoutOptimisations(project: string): Promise<string> {
  for (const name of ["patches", "pipelines"]) await cp(name, join(project, name), { recursive: true });
  const file = join(project, "patches/1.12/ovs/source.yaml");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace("SPHINXBUILD=none]", "SPHINXBUILD=none, CFLAGS=-O0]"));
  expect(await readFile(file, "utf8")).toContain("CFLAGS=-O0");
  return project;
}

describe("OVS debs from Debian's openvswitch-source", async () => {
  const folder = await temporaryFolder();
  const root = join(folder.path, "root");
  let dist = "";
  let events: readonly { readonly event: string; readonly jobs?: unknown }[] = [];

  beforeAll(async () => {
    const built = await ovsBuild();
    dist = join(built, "dist/linux");
    events = (await readFile(join(built, "events.json"), "utf8"))
      .split("\n")
      .map((line) => JSON.parse(line) as (typeof events)[number]);
    await makeRoot(root);
    return () => folder[Symbol.asyncDispose]();
  });

  const manifest = async () => JSON.parse(await readFile(join(dist, "artifacts.json"), "utf8")) as Manifest;

  test("the run's plan has the jobs that `plan --json` prints", async () => {
    const plan = JSON.parse(await kovnBuild(folder.path, ["plan", ...ovsArgs, "--json"])) as { jobs: unknown };
    expect(events.find(({ event }) => event === "plan")?.jobs).toEqual(plan.jobs);
  });

  test("dist has the expected packages, their debug packages, and correct checksums", async () => {
    const names = (await manifest()).artifacts.map((artifact) => artifact.package ?? artifact.file);
    expect(names.filter((name) => !name.endsWith("-dbgsym")).toSorted()).toEqual([
      "openvswitch-common",
      "openvswitch-ipsec",
      "openvswitch-pki",
      "openvswitch-switch",
      "python3-openvswitch",
    ]);
    expect(await readdir(join(dist, "debug"))).toEqual(
      expect.arrayContaining([expect.stringMatching(/^openvswitch-switch-dbgsym_.*\.deb$/)]),
    );
    await execa("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: dist });
  });

  test("debug packages, whose content is compressed already, are packed with gzip, and no others", async () => {
    const packages = (await readdir(dist, { recursive: true })).filter((file) => file.endsWith(".deb"));
    expect(packages.length).toBeGreaterThan(5);
    for (const file of packages) {
      const bytes = await readFile(join(dist, file));
      expect(bytes.includes("data.tar.gz"), file).toBe(file.startsWith("debug/"));
    }
  });

  test("openvswitch-common has the page on what differs from upstream, not compressed", async () => {
    const file = (await readdir(dist)).find((name) => name.startsWith("openvswitch-common_")) ?? "";
    const page = "./usr/share/doc/openvswitch-common/kube-ovn.rst";
    const { stdout } = await execa("sh", ["-c", `dpkg-deb --fsys-tarfile "$0" | tar -xO ${page}`, join(dist, file)]);
    expect(stdout).toContain("Changed Defaults\n----------------\n");
  });

  test("artifacts.json names the alternate, the patched commit, each patch and the deb version", async () => {
    const { jobs, artifacts } = await manifest();
    expect(jobs[0]).toMatchObject({ alternate: true, base: { kind: "apt", package: "openvswitch-source" } });
    expect(jobs[0]?.series.length).toBeGreaterThanOrEqual(4);
    for (const patch of jobs[0]?.series ?? [])
      expect(patch).toMatchObject({
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        patchId: expect.stringMatching(/^[0-9a-f]{40}$/),
      });
    expect(artifacts[0]?.version).toMatch(/^3\.1\.0-2\+deb12u1\+kovn\d+\.[0-9a-f]{8}\.deb12$/);
  });

  test("packages and programs say by themselves how they were built, and Debian's own say nothing", async () => {
    const [away, tree] = [join(folder.path, "away"), join(folder.path, "tree")];
    await mkdir(away);
    const name = (await readdir(dist)).find((file) => file.startsWith("openvswitch-switch_")) ?? "";
    await cp(join(dist, name), join(away, name));
    await execa("dpkg-deb", ["--extract", join(away, name), tree]);
    const program = join(tree, "usr/lib/openvswitch-switch/ovs-vswitchd");
    const look = async (file: string) => {
      const { stdout } = await execa("node", [resolve("build/cli.js"), "inspect", file, "--json"], { reject: false });
      return (JSON.parse(stdout) as { inspected: readonly Inspection[] }).inspected[0];
    };
    const { jobs } = await manifest();
    const { series = [], patchedCommit } = jobs[0] ?? {};
    const why = series.map(({ name: patch, subject, seed }) => ({ name: patch, subject, seed }));
    const label = { line: "1.12", flags: "-O2 -g -msse4.2 -mpopcnt", distribution: "debian 12", patchedCommit, series: why };
    for (const file of [join(away, name), program]) expect(await look(file)).toMatchObject({ ours: true, labels: [{ label }] });
    expect((await execa(program, ["--version"])).stdout).toMatch(/^ovs-vswitchd \(Open vSwitch\) 3\.1\.0$/m);
    await execa("apt-get", ["download", "openvswitch-switch"], { cwd: away });
    const theirs = (await readdir(away)).find((file) => file !== name) ?? "";
    expect(await look(join(away, theirs))).toMatchObject({ ours: false, labels: [] });
  });

  test("Debian's own packages behave differently", async () => {
    await inRoot(root, "apt-get -q update && apt-get -qy install --no-install-recommends openvswitch-switch");
    const { stdout } = await inRoot(root, behaviour);
    expect(stdout).toContain("sid: 0");
    expect(stdout).toContain("Election timer: 1000");
    expect(stdout).toContain("bridge: br0");
    expect(stdout).toContain("trim: no");
  });

  test("the built packages install over them with apt and behave as patched", async () => {
    await mkdir(join(root, "debs"), { recursive: true });
    await cp(dist, join(root, "debs"), { recursive: true });
    await inRoot(root, "apt-get -qy install --no-install-recommends /debs/openvswitch-*.deb /debs/python3-*.deb");
    const { stdout } = await inRoot(root, behaviour);
    expect(stdout).toContain("sid: 1");
    expect(stdout).toContain("Election timer: 5000");
    expect(stdout).toContain("bridge: br0");
    expect(stdout).toContain("trim: yes");
  });

  test("`patches prove` passes for each check of OVS, and sees the difference to Debian's own packages", async () => {
    const before = join(folder.path, "before");
    await mkdir(before);
    await execa("apt-get", ["download", "openvswitch-common", "openvswitch-switch"], { cwd: before });
    const prove = ["patches", "prove", "--line", "1.12", "--only", "ovs", "--programs", dist, "--before", before, "--json"];
    const { checks } = JSON.parse(await kovnBuild(folder.path, prove)) as {
      checks: { check: string; verdict: string; absent?: true }[];
    };
    // Patches of other lines are absent. A base without history has no picks.
    expect(checks.filter(({ verdict, absent }) => verdict !== "pass" && absent !== true)).toMatchObject([
      { check: "a6195e2c4", verdict: "skipped" },
    ]);
    const names = [1, 2, 3, 4, 8, 9, 10, 16].map(String);
    expect(checks.map(({ check }) => check)).toEqual(expect.arrayContaining(names));
  });

  test("upstream's tests that the series adds or changes pass on the patched tree", async () => {
    // The tests of clusters that it changes take minutes, and so do optimisations.
    const which = isNightly ? ["--own"] : ["--groups", addedTests.join(",")];
    const project = isNightly ? folder.path : await withoutOptimisations(join(folder.path, "suite"));
    const suite = ["patches", "suite", "ovs", ...which, ...fromDebian, "--json"];
    const { tests, own } = JSON.parse(await kovnBuild(project, suite)) as SuiteSummary;
    if (isNightly) expect(tests).toBeGreaterThan(addedTests.length);
    else expect(own.map(({ change }) => change)).toEqual(addedTests.map(() => "added"));
    expect(tests).toBe(own.length);
    expect(own.filter(({ outcome }) => !["passed", "flaky"].includes(outcome))).toEqual([]);
    const entries = new Set(own.flatMap((one) => one.entries));
    expect([...entries].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 10, 16]);
  });

  test("every compile unit has the flags and the stack protector, and every program is hardened", async () => {
    // What lintian says of an alternate base is Debian's.
    const { stdout } = await execa("node", [resolve("build/cli.js"), "verify", dist, "--no-run", "--json"], { reject: false });
    const { verified } = JSON.parse(stdout) as { verified: readonly Verification[] };
    const verdicts = new Map(verified[0]?.checks.map((one) => [one.check, one]));
    for (const name of ["integrity", "flags", "isa", "hardening"])
      expect(verdicts.get(name)).toMatchObject({ verdict: "pass", problems: [] });
    expect(verdicts.get("flags")?.evidence[0]).toContain("`-O2 -msse4.2 -mpopcnt -fstack-protector-strong`");
    expect(verdicts.get("isa")?.evidence[0]).toContain("the ceiling is x86-64-v2");
  });
});
