import { expect, test } from "vitest";
import type { LockedSource } from "../../../src/config/lock.ts";
import { lockDifferences } from "../../../src/patches/lock.ts";
import { baseId } from "../../../src/plan/base.ts";
import { aptBase, aPatch, aSource, pinBase } from "../../helpers/plan.ts";

test("an alternate that takes another packaging series than its lock is a difference", () => {
  const [alternate] = aSource().alternates;
  if (alternate === undefined) throw new Error("The fixture has no alternate.");
  const taking = (packaging: string) => ({ ...alternate, packaging });
  // It keeps every series named.
  const others = ["debian.series", "empty.series"].map((series) => ({ ...taking(series), sha256: "d".repeat(64) }));
  const patches = [aPatch("packaging/one.patch")];
  const source = (own: typeof alternate) =>
    aSource({
      packaging: { series: patches, "debian.series": patches, "empty.series": [] },
      alternates: [own, ...others],
    });
  const lockPatches = (series: typeof patches) => series.map(({ name, sha256 }) => ({ name, sha256, patchId: "" }));
  const made = { commit: "e".repeat(40), tree: "f".repeat(40) };
  const locked = (apt: object): LockedSource => ({
    revision: 7,
    patches: lockPatches([...aSource().patches]),
    packaging: { series: lockPatches(patches), "debian.series": lockPatches(patches), "empty.series": [] },
    bases: { [baseId(pinBase)]: { ...made, packaged: { series: "series", ...made } }, [baseId(aptBase)]: { ...made, ...apt } },
  });
  const debian = locked({ packaged: { series: "debian.series", ...made } });
  const difference = (now: string, then: string) => [
    `The packaging series of Debian's openvswitch-source 3.1.0-2 is ${now}, but the lock has ${then}.`,
  ];
  expect(lockDifferences(source(taking("debian.series")), debian)).toEqual([]);
  expect(lockDifferences(source(alternate), debian)).toEqual(difference("`packaging/series`", "`packaging/debian.series`"));
  expect(lockDifferences(source(taking("empty.series")), debian)).toEqual(difference("none", "`packaging/debian.series`"));
  expect(lockDifferences(source(taking("empty.series")), locked({}))).toEqual([]);
  expect(lockDifferences(source(alternate), locked({}))).toEqual(difference("`packaging/series`", "none"));
});
