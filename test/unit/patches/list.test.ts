import { expect, test } from "vitest";
import { listEntries } from "../../../src/patches/list.ts";
import { aPatch, aSource } from "../../helpers/plan.ts";

const seed = (entry: number, digit: string, source = "ovs") => ({
  entry,
  source,
  repository: `kubeovn/${source}`,
  commit: digit.repeat(40),
  title: `Change ${entry}`,
});
const id = (digit: string) => digit.repeat(10);

test("each entry has its status in the line, in the seed's order", () => {
  const ovs = aSource({
    patches: [aPatch("one.patch", { seed: id("1") }), aPatch("own.patch"), aPatch("more.patch", { seed: id("1") })],
    merged: [{ seed: id("2"), commit: "2".repeat(40), since: "3.0", effect: { file: "f", text: "t" } }],
    dropped: [{ seed: id("4"), since: "1.12.1", why: "nobody sets it" }],
  });
  const rows = listEntries([seed(2, "2"), seed(1, "1"), seed(3, "3"), seed(4, "4")], [ovs]);
  expect(rows.map(({ entry, status, patches }) => [entry, status, patches])).toEqual([
    [2, "merged", []],
    [1, "patch", ["one.patch", "more.patch"]],
    [3, "missing", []],
    [4, "dropped", []],
  ]);
  expect(rows[3]).toMatchObject({ since: "1.12.1", why: "nobody sets it" });
  expect(rows[0]).toMatchObject({ seed: id("2"), source: "ovs", title: "Change 2" });
});

test("a patch counts only for entries of its own source", () => {
  const ovn = aSource({ name: "ovn", patches: [aPatch("one.patch", { seed: id("1") })] });
  expect(listEntries([seed(1, "1", "ovs")], [ovn, aSource({ patches: [] })])[0]).toMatchObject({
    status: "missing",
    patches: [],
  });
});

test("an entry of a source that the line does not have is missing", () => {
  expect(listEntries([seed(1, "1", "ovn")], [])[0]).toMatchObject({ status: "missing" });
});

test("an entry that a source need not account for is not missing", () => {
  const entries = [seed(1, "1"), seed(2, "2"), seed(3, "3", "ovn")];
  const ovs = aSource({ seed: "optional", patches: [aPatch("one.patch", { seed: id("1") })] });
  const ovn = aSource({ name: "ovn", patches: [] });
  const statuses = (sources: Parameters<typeof listEntries>[1]) =>
    listEntries(entries, sources).map(({ entry, status }) => [entry, status]);
  expect(statuses([ovs])).toEqual([[1, "patch"]]);
  expect(statuses([ovs, ovn])).toEqual([
    [1, "patch"],
    [3, "missing"],
  ]);
});
