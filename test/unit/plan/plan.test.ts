import { describe, expect, test } from "vitest";
import { makePlan, type PlanInput, type PlannedJob } from "../../../src/plan/plan.ts";
import { aJob, aPatch, aPipeline, aPlanInput, aptBase, aSource, pinBase } from "../../helpers/plan.ts";

const planned = (input: PlanInput, id = "ovs"): PlannedJob => {
  const job = makePlan(input).jobs.find((one) => one.id === id);
  if (job === undefined) throw new Error(`the plan has no job ${id}`);
  return job;
};
const base = aPlanInput();
const withOvs = (changes: Parameters<typeof aSource>[0]) => aPlanInput({ sources: { ...base.sources, ovs: aSource(changes) } });
const withJob = (changes: Parameters<typeof aJob>[0]) =>
  aPlanInput({ pipeline: aPipeline({ jobs: { ...base.pipeline.jobs, ovs: aJob(changes) } }) });

test("a plan is the same after a round trip through JSON", () => {
  const plan = makePlan(base);
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
});

test("each job is listed after the jobs that it needs", () => {
  expect(makePlan(base).jobs.map((job) => job.id)).toEqual(["ovs", "ovn"]);
});

test("--only selects a job and what it needs", () => {
  expect(makePlan(aPlanInput({ only: ["ovs"] })).jobs.map((job) => job.id)).toEqual(["ovs"]);
  expect(makePlan(aPlanInput({ only: ["ovn"] })).jobs.map((job) => job.id)).toEqual(["ovs", "ovn"]);
});

test("a job uses its first base and lists the others", () => {
  expect(planned(base)).toMatchObject({ base: pinBase, otherBases: [aptBase], source: { version: "3.1.8", revision: 7 } });
  const fromApt = planned(aPlanInput({ bases: { ...base.bases, ovs: [aptBase] } }));
  expect(fromApt).toMatchObject({ base: aptBase, otherBases: [], source: { version: "3.1.0-2" } });
});

test("the flags are those of variant and architecture", () => {
  expect(makePlan(base).flags).toBe("-O2 -mpopcnt");
  expect(makePlan(aPlanInput({ variant: "legacy", arch: "arm64" })).flags).toBe("-O1");
});

test("the version suffix has the revision and eight digits", () => {
  expect(planned(base).versionSuffix).toMatch(/^\+kovn7\.[0-9a-f]{8}$/);
});

test("the version suffix names another variant than default, before the distribution", () => {
  const input = aPlanInput({ variant: "legacy", pipeline: aPipeline({ jobs: { ovs: aJob({ isForDistribution: true }) } }) });
  expect(planned(input).versionSuffix).toMatch(/^\+kovn7\.[0-9a-f]{8}\.legacy\.deb12$/);
});

test("flags of another variant change nothing, those of another architecture the version suffix", () => {
  const { flags } = base.pipeline;
  const withFlags = (more: typeof flags) => planned(aPlanInput({ pipeline: aPipeline({ flags: { ...flags, ...more } }) }));
  const [first, other, foreign] = [
    withFlags({}),
    withFlags({ legacy: {} }),
    withFlags({ default: { ...flags["default"], arm64: "-O1" } }),
  ];
  expect([other.key, other.versionSuffix]).toEqual([first.key, first.versionSuffix]);
  expect(foreign.versionSuffix).not.toBe(first.versionSuffix);
});

const pick = { commit: "c".repeat(40), why: "a fix", without: [] };
const later = { ...pick, commit: "d".repeat(40) };
const onPin = (picks: NonNullable<typeof pinBase.picks>) =>
  aPlanInput({ bases: { ...base.bases, ovs: [{ ...pinBase, picks }] } });

const changes: readonly (readonly [name: string, after: PlanInput, before?: PlanInput])[] = [
  ["another base", aPlanInput({ bases: { ...base.bases, ovs: [aptBase] } })],
  ["a changed patch", withOvs({ patches: [aPatch("first.patch", { sha256: "other" }), aPatch("second.patch")] })],
  ["a dropped patch", withOvs({ patches: [aPatch("first.patch")] })],
  ["another order of patches", withOvs({ patches: [aPatch("second.patch"), aPatch("first.patch")] })],
  ["a pick", onPin([pick])],
  ["another order of picks", onPin([later, pick]), onPin([pick, later])],
  ["a pick for another reason", onPin([{ ...pick, why: "another reason" }]), onPin([pick])],
  ["another licence", withOvs({ license: "ISC" })],
  [
    "another name of a patch",
    withOvs({ patches: [aPatch("other.patch", { sha256: "sha-of-first.patch" }), aPatch("second.patch")] }),
  ],
  ["another line", aPlanInput({ line: "1.0" })],
  ["a pick with less of it", onPin([{ ...pick, without: ["tests/"] }]), onPin([pick])],
  ["a changed step", withJob({ steps: [{ uses: "shell", with: { script: "make all" } }] })],
  ["another variant", aPlanInput({ variant: "legacy" })],
];

describe.each(changes.map(([name, after, before = base]) => ({ name, input: after, before })))("$name", ({ input, before }) => {
  test("changes the key and the version suffix", () => {
    expect(planned(input).key).not.toBe(planned(before).key);
    expect(planned(input).versionSuffix).not.toBe(planned(before).versionSuffix);
  });

  test("changes key and version suffix of a job that needs this one", () => {
    expect(planned(input, "ovn").key).not.toBe(planned(before, "ovn").key);
    expect(planned(input, "ovn").versionSuffix).not.toBe(planned(before, "ovn").versionSuffix);
  });
});

test("an alternate has no picks", () => {
  const lacks = { ...aptBase, missingPicks: [] };
  expect(planned(aPlanInput({ bases: { ...base.bases, ovs: [lacks] } })).key).toBe(
    planned(aPlanInput({ bases: { ...base.bases, ovs: [aptBase] } })).key,
  );
});

describe("packaging patches", () => {
  const aSeries = { packaging: { series: [aPatch("packaging/one.patch")], "debian.series": [aPatch("packaging/two.patch")] } };
  const packaged = (sources: Parameters<typeof aSource>[0] = {}) => ({
    sources: { ...base.sources, ovs: aSource({ ...aSeries, ...sources }) },
    pipeline: aPipeline({ jobs: { ...base.pipeline.jobs, ovs: aJob({ packaging: true }) } }),
  });
  const without = planned(withOvs(aSeries));

  test("are planned for jobs that make packages, and for no other", () => {
    expect(planned(aPlanInput(packaged()))).toMatchObject({
      source: { patches: [{ name: "first.patch" }, { name: "second.patch" }] },
      packaging: [{ name: "packaging/one.patch", sha256: "sha-of-packaging/one.patch" }],
    });
    expect(without).not.toHaveProperty("packaging");
    expect([without.key, without.versionSuffix]).toEqual([planned(base).key, planned(base).versionSuffix]);
  });

  test("of an alternate are those of the series that it names, else those of the pin", () => {
    const bases = { ...base.bases, ovs: [aptBase] };
    const names = (input: Partial<PlanInput>) => planned(aPlanInput({ ...input, bases })).packaging?.map(({ name }) => name);
    const alternates = aSource().alternates.map((alternate) => ({ ...alternate, packaging: "debian.series" }));
    expect(names(packaged({ alternates }))).toEqual(["packaging/two.patch"]);
    expect(names(packaged())).toEqual(["packaging/one.patch"]);
  });

  test("that changed change key and version suffix", () => {
    const one = planned(aPlanInput(packaged()));
    const other = planned(aPlanInput(packaged({ packaging: { series: [aPatch("packaging/one.patch", { sha256: "other" })] } })));
    expect(other.key).not.toBe(one.key);
    expect(other.versionSuffix).not.toBe(one.versionSuffix);
  });

  test("are built only when the lock knows what they make", () => {
    const series = { commit: "c".repeat(40), tree: "d".repeat(40) };
    const locked = { ...series, packaged: { series: "series", commit: "e".repeat(40), tree: "f".repeat(40) } };
    const locks = (one: typeof series) => ({
      locks: { ovs: { revision: 7, patches: [], packaging: {}, bases: { [`git:${"a".repeat(40)}`]: one } } },
    });
    expect(planned(aPlanInput({ only: ["ovs"], ...packaged(), ...locks(locked) })).locked).toEqual(locked);
    expect(planned(aPlanInput({ only: ["ovs"], ...locks(locked) })).locked).toEqual(series);
    expect(() => makePlan(aPlanInput({ only: ["ovs"], ...packaged(), ...locks(series) }))).toThrow(/has no patched commit/);
  });
});

test("another distribution changes key and end of the version of jobs that make packages, and of those that need them", () => {
  const pipeline = aPipeline({ jobs: { ...base.pipeline.jobs, ovs: aJob({ isForDistribution: true }) } });
  const bookworm = aPlanInput({ pipeline });
  const trixie = aPlanInput({ pipeline, distribution: "debian 13" });
  for (const id of ["ovs", "ovn"]) {
    expect(planned(trixie, id).key).not.toBe(planned(bookworm, id).key);
    expect(planned(bookworm, id).versionSuffix).toMatch(/^\+kovn7\.[0-9a-f]{8}\.deb12$/);
    expect(planned(trixie, id).versionSuffix).toBe(planned(bookworm, id).versionSuffix.replace(".deb12", ".deb13"));
  }
  expect(planned(trixie).distribution).toBe("debian 13");
  expect(planned(trixie, "ovn")).not.toHaveProperty("distribution");
  expect(planned(aPlanInput({ distribution: "debian 13" }))).toEqual(planned(base));
});

test("a job that makes packages has no distribution in its version where that is unknown", () => {
  const pipeline = aPipeline({ jobs: { ...base.pipeline.jobs, ovs: aJob({ isForDistribution: true }) } });
  expect(planned(aPlanInput({ pipeline, distribution: undefined })).versionSuffix).toMatch(/^\+kovn7\.[0-9a-f]{8}$/);
});

test("a root changes the key, and not the version suffix: that names the distribution", () => {
  const inRoot = aPlanInput({ root: "debian:12" });
  expect(makePlan(inRoot).root).toBe("debian:12");
  expect(makePlan(base)).not.toHaveProperty("root");
  expect(planned(inRoot).key).not.toBe(planned(base).key);
  expect(planned(inRoot).versionSuffix).toBe(planned(base).versionSuffix);
});

test("another architecture changes the key, and not the version suffix", () => {
  const other = planned(aPlanInput({ arch: "arm64" }));
  expect(other.key).not.toBe(planned(base).key);
  expect(other.versionSuffix).toBe(planned(base).versionSuffix);
});

test("flags of another architecture change the version suffix, because packages for all architectures come from one", () => {
  const flags = { ...base.pipeline.flags, default: { amd64: "-O2 -mpopcnt", arm64: "-O3" } };
  expect(planned(aPlanInput({ pipeline: aPipeline({ flags }) })).versionSuffix).not.toBe(planned(base).versionSuffix);
});

test("the repository of the pinned commit changes neither key nor version suffix", () => {
  const other = planned(aPlanInput({ bases: { ...base.bases, ovs: [{ ...pinBase, from: "/home/me/ovs" }] } }));
  expect([other.key, other.versionSuffix]).toEqual([planned(base).key, planned(base).versionSuffix]);
});

test("a locked build has the locked commit of its base", () => {
  const locked = { commit: "c".repeat(40), tree: "d".repeat(40) };
  const source = { revision: 7, patches: [], packaging: {}, bases: { [`git:${"a".repeat(40)}`]: locked } };
  expect(planned(aPlanInput({ only: ["ovs"], locks: { ovs: source } })).locked).toEqual(locked);
});

test("a base that the lock lacks is refused, with the command that locks it", () => {
  const locks = { ovs: { revision: 7, patches: [], packaging: {}, bases: {} } };
  expect(() => makePlan(aPlanInput({ only: ["ovs"], locks }))).toThrow(/The lock of `ovs` has no patched commit/);
});

test("a job whose source the line lacks is refused by name", () => {
  expect(() => makePlan(aPlanInput({ sources: {} }))).toThrow("Job `ovs` of pipeline `test` has no source `ovs` in line 1.12.");
});

test("a job that is cross-compiled has libraries of the other architecture, and a cross compiler", () => {
  const jobs = {
    ...base.pipeline.jobs,
    ovs: aJob({ packages: ["gcc", "libssl-dev", "pkg-config"], libraries: ["libssl-dev", "pkg-config"] }),
  };
  const input = aPlanInput({ arch: "arm64", root: "debian:12", pipeline: aPipeline({ jobs }) });
  const cross = { ...input, buildArch: "amd64" };
  expect(planned(input).packages).toEqual(["gcc", "libssl-dev", "pkg-config"]);
  expect(planned(cross).packages).toEqual([
    "crossbuild-essential-arm64",
    "gcc",
    "libpython3-stdlib:arm64",
    "libssl-dev:arm64",
    "pkg-config:arm64",
  ]);
  expect(makePlan(cross)).toMatchObject({ arch: "arm64", buildArch: "amd64" });
  expect(planned(cross).key).not.toBe(planned(input).key);
  // The version names what it is made of, not where.
  expect(planned(cross).versionSuffix).toBe(planned(input).versionSuffix);
});
