import { describe, expect, test } from "vitest";
import { compareFiles } from "../../../src/patches/compare.ts";
import { aPatch } from "../../helpers/plan.ts";

/** A patch for each letter; one after a letter has another content, and `x=a` the content of `a` by the name `x`. */
function series(text: string) {
  return text
    .split(" ")
    .filter(Boolean)
    .map((word) => {
      const [, name = "", of = name, other = ""] = /^(\w)(?:=(\w))?(1?)$/.exec(word) ?? [];
      return aPatch(`${name}.patch`, { sha256: `${of}${other}`, subject: other === "" ? of : `${of} ` });
    });
}

describe("a series changes", () => {
  const cases: readonly (readonly [string, string, string, Readonly<Record<string, unknown>>])[] = [
    ["not at all", "a b c", "a b c", { unchanged: 3 }],
    ["by a new patch", "a c", "a b c", { added: ["b"], unchanged: 2 }],
    ["by one less", "a b c", "a c", { dropped: ["b"], unchanged: 2 }],
    ["by another content", "a b", "a b1", { changed: ["b"], unchanged: 1 }],
    ["by a name", "a b", "a x=b", { renamed: ["b to x"], unchanged: 2 }],
    ["by a patch that comes earlier", "a b c d", "d a b c", { moved: ["d 4 to 1"], unchanged: 4 }],
    ["by a patch that comes later", "a b c d", "b c a d", { moved: ["a 1 to 3"], unchanged: 4 }],
    ["by a whole order", "a b c", "c b a", { moved: ["b 2 to 2", "a 1 to 3"], unchanged: 3 }],
    ["by one that takes the name of another", "a b", "b=a", { dropped: ["a"], changed: ["b"], unchanged: 0 }],
    ["from nothing", "", "a", { added: ["a"], unchanged: 0 }],
    [
      "by everything at once",
      "a b c d",
      "e c1 x=b a",
      {
        ...{ added: ["e"], dropped: ["d"], renamed: ["b to x"], changed: ["c"], unchanged: 2 },
        moved: ["x 2 to 3", "a 1 to 4"],
      },
    ],
  ];
  test.each(cases)("%s", (_, before, after, expected) => {
    const { added, dropped, changed, renamed, moved, unchanged } = compareFiles(series(before), series(after));
    const short = ({ name }: { readonly name: string }) => name.replace(".patch", "");
    const found = {
      added: added.map(short),
      dropped: dropped.map(short),
      changed: changed.map(({ patch }) => short(patch)),
      renamed: renamed.map((one) => `${short(one.before)} to ${short(one.patch)}`),
      moved: moved.map(({ patch, from, to }) => `${short(patch)} ${from} to ${to}`),
    };
    const some = Object.fromEntries(Object.entries(found).filter(([, list]) => list.length > 0));
    expect({ ...some, unchanged }).toEqual(expected);
  });
});
