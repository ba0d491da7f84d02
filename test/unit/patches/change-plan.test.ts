import { describe, expect, test } from "vitest";
import { dropPatches } from "../../../src/patches/change/drop.ts";
import { movePatch, type Place } from "../../../src/patches/change/move.ts";
import { renamePatch } from "../../../src/patches/change/rename.ts";
import { aPatch, aSource } from "../../helpers/plan.ts";

const [a, b, c] = ["a.patch", "b.patch", "c.patch"].map((name) => aPatch(name)) as [Patch, Patch, Patch];
type Patch = ReturnType<typeof aPatch>;
const [x, y, z] = ["packaging/x.patch", "packaging/y.patch", "packaging/z.patch"].map((name) => aPatch(name)) as [
  Patch,
  Patch,
  Patch,
];
const source = aSource({ patches: [a, b, c], packaging: { series: [x, y, z], "debian.series": [z, x] } });
const lists = {
  series: ["a.patch", "b.patch", "c.patch"],
  "packaging/series": ["packaging/x.patch", "packaging/y.patch", "packaging/z.patch"],
  "packaging/debian.series": ["packaging/z.patch", "packaging/x.patch"],
};

describe("a patch is dropped", () => {
  test("from every series that lists it, by its name or its path", () => {
    const { lists: after, rows, gone } = dropPatches(["b", "a.patch", "patches/1.0/ovs/packaging/x.patch", "b.patch"], source);
    expect(after).toEqual({
      series: ["c.patch"],
      "packaging/series": ["packaging/y.patch", "packaging/z.patch"],
      "packaging/debian.series": ["packaging/z.patch"],
    });
    expect(rows.map(({ name }) => name)).toEqual(["b.patch", "a.patch", "packaging/x.patch"]);
    expect(gone).toEqual([b, a, x]);
  });

  test("only if it exists", () => {
    expect(() => dropPatches(["a", "x"], source)).toThrow("Source `ovs` has no patch `x`.");
  });
});

describe("a patch is moved", () => {
  const before = (patch: string): Place => ({ kind: "before", patch });
  const after = (patch: string): Place => ({ kind: "after", patch });
  const to = (number: number): Place => ({ kind: "to", number });

  test.for([
    ["c", before("a"), "cab", 3, 1],
    ["c", after("a"), "acb", 3, 2],
    ["a", after("c"), "bca", 1, 3],
    ["a", before("c"), "bac", 1, 2],
    ["b", to(1), "bac", 2, 1],
    ["b", to(3), "acb", 2, 3],
  ] as const)("%s, %o", ([name, place, order, was, is]) => {
    const change = movePatch(name, place, source);
    expect(change?.lists["series"]).toEqual(order.split("").map((one) => `${one}.patch`));
    expect(change?.rows).toEqual([{ name: `${name}.patch`, change: "moved", series: "series", from: was, to: is }]);
  });

  test("in each series that has both", () => {
    expect(movePatch("packaging/z", before("packaging/x"), source)?.lists).toEqual({
      ...lists,
      "packaging/series": ["packaging/z.patch", "packaging/x.patch", "packaging/y.patch"],
    });
    expect(movePatch("packaging/z", after("packaging/y"), source)).toBeUndefined();
    expect(movePatch("packaging/y", to(1), source)?.lists["packaging/series"]?.[0]).toBe("packaging/y.patch");
  });

  test.for([
    ["a", to(1)],
    ["b", after("a")],
    ["b", before("c")],
  ] as const)("nowhere if it is there: %s, %o", ([name, place]) => {
    expect(movePatch(name, place, source)).toBeUndefined();
  });

  test.for([
    ["a", to(4), "`series` has 3 patches, so there is no place 4."],
    ["a", before("a"), "Patch `a.patch` cannot be moved beside itself."],
    ["a", before("none"), "Source `ovs` has no patch `none`."],
    ["none", to(1), "Source `ovs` has no patch `none`."],
    ["a", after("packaging/x"), "No series of `ovs` has both `a.patch` and `packaging/x.patch`."],
    ["packaging/x", to(1), "Patch `packaging/x.patch` is in `packaging/series` and `packaging/debian.series`."],
  ] as const)("never: %s, %o", ([name, place, says]) => {
    expect(() => movePatch(name, place, source)).toThrow(says);
  });
});

describe("a patch is renamed", () => {
  test("in every series that lists it", () => {
    expect(renamePatch("b", "bee.patch", source)).toMatchObject({
      lists: { ...lists, series: ["a.patch", "bee.patch", "c.patch"] },
      renamed: new Map([["bee.patch", "b.patch"]]),
    });
    for (const name of ["ex", "packaging/ex", "packaging/ex.patch"])
      expect(renamePatch("packaging/x", name, source)?.lists).toEqual({
        series: lists.series,
        "packaging/series": ["packaging/ex.patch", "packaging/y.patch", "packaging/z.patch"],
        "packaging/debian.series": ["packaging/z.patch", "packaging/ex.patch"],
      });
    expect(renamePatch("b", "b", source)).toBeUndefined();
  });

  test.for([
    ["b", "a", "Source `ovs` has another patch `a.patch`."],
    ["b", "B", "`B` is not a patch name"],
    ["b", "packaging/b", "`packaging/b` is not a patch name"],
    ["b", "../b", "`../b` is not a patch name"],
    ["b", "", "`` is not a patch name"],
    ["packaging/y", "z", "Source `ovs` has another patch `packaging/z.patch`."],
  ] as const)("never: %s to %s", ([name, to, says]) => {
    expect(() => renamePatch(name, to, source)).toThrow(says);
  });
});
