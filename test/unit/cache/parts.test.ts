import { describe, expect, test } from "vitest";
import { keyOf } from "../../../src/plan/key.ts";
import { explainChange, partsOf, type LocalParts } from "../../../src/cache/parts.ts";
import { makePlan, type PlanInput } from "../../../src/plan/plan.ts";
import { aJob, aPatch, aPipeline, aPlanInput, aSource, aptBase, pinBase } from "../../helpers/plan.ts";

const local: LocalParts = { tools: { gcc: "12.2", make: "4.3" }, code: "c".repeat(64), needs: { ovs: "a".repeat(64) } };

/** The parts of job `ovs` in a plan with changes. */
function parts(changes: Partial<PlanInput> = {}, around: Partial<LocalParts> = {}) {
  const plan = makePlan(aPlanInput(changes));
  const job = plan.jobs.find((one) => one.id === "ovs");
  if (job === undefined) throw new Error("no job ovs");
  return partsOf(plan, job, { ...local, ...around });
}

const ovs = (changes: Parameters<typeof aSource>[0]) => ({
  sources: { ovs: aSource(changes), ovn: aSource({ name: "ovn", patches: [] }) },
});
const flags = (amd64: string, arm64: string) => ({
  pipeline: aPipeline({ flags: { default: { amd64, arm64 }, legacy: { amd64: "-O1", arm64: "-O1" } } }),
});

test("another distribution is explained, for a job that makes packages", () => {
  const pipeline = aPipeline({ jobs: { ovs: aJob({ isForDistribution: true }) } });
  const [before, after] = ["debian 12", "ubuntu 24.04"].map((distribution) => parts({ pipeline, distribution }));
  expect(explainChange(before ?? {}, after ?? {})).toEqual(["distribution: debian 12 → ubuntu 24.04"]);
});

describe("a change is explained", () => {
  const cases: readonly (readonly [string, ReturnType<typeof parts>, readonly string[]])[] = [
    ["flags", parts(flags("-O3", "-O2")), ["flags: -O2 -mpopcnt → -O3"]],
    ["flags that become empty", parts(flags("", "-O2")), ["flags: -O2 -mpopcnt → none"]],
    [
      "flags of another architecture",
      parts(flags("-O2 -mpopcnt", "-O3")),
      ["the source's revision, or a part of the pipeline's job that matters on other architectures"],
    ],
    [
      "the revision",
      parts(ovs({ revision: 8 })),
      ["the source's revision, or a part of the pipeline's job that matters on other architectures"],
    ],
    ["the version", parts(ovs({ version: "3.1.9" })), ["version: 3.1.8 → 3.1.9"]],
    [
      "a patch",
      parts(ovs({ patches: [aPatch("first.patch", { sha256: "d".repeat(64) }), aPatch("second.patch")] })),
      ["patch first.patch: sha-of-first.patch → " + "d".repeat(64)],
    ],
    ["a removed patch", parts(ovs({ patches: [aPatch("first.patch")] })), ["patch second.patch: removed"]],
    [
      "the order of the patches",
      parts(ovs({ patches: [aPatch("second.patch"), aPatch("first.patch")] })),
      ["order of the patches: first.patch second.patch → second.patch first.patch"],
    ],
    [
      "the base",
      parts({ bases: { ovs: [aptBase], ovn: [aptBase] } }),
      [`base: git:${"a".repeat(40)} → apt:${"b".repeat(64)}`, "version: 3.1.8 → 3.1.0-2"],
    ],
    [
      "picks",
      parts({
        bases: { ovs: [{ ...pinBase, picks: [{ commit: "c".repeat(40), why: "x", without: ["a/", "b"] }] }], ovn: [pinBase] },
      }),
      [`picks: new, ${"c".repeat(40)} without a/ without b`],
    ],
    [
      "a step",
      parts({ pipeline: aPipeline({ jobs: { ovs: aJob({ steps: [{ uses: "shell", with: { script: "x" } }] }) } }) }),
      ["step 1 (shell): changed"],
    ],
    ["a tool", parts({}, { tools: { gcc: "12.3", make: "4.3" } }), ["package gcc: 12.2 → 12.3"]],
    ["a new tool", parts({}, { tools: { ...local.tools, libx: "1" } }), ["package libx: new, 1"]],
    ["a needed job", parts({}, { needs: { ovs: "b".repeat(64) } }), ["job ovs: changed"]],
    ["our own code", parts({}, { code: "d".repeat(64) }), ["code of kovn-build: changed"]],
    ["nothing", parts(), []],
  ];
  test.each(cases)("%s", (what, after, expected) => {
    expect(explainChange(parts(), after)).toEqual(expected);
    expect(keyOf(after) === keyOf(parts())).toBe(what === "nothing");
  });
});
