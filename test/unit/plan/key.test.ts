import { expect, test } from "vitest";
import { keyOf } from "../../../src/plan/key.ts";

const same: readonly (readonly [string, unknown, unknown])[] = [
  ["the order of keys", { a: 1, b: 2 }, { b: 2, a: 1 }],
  ["the order of keys deep inside", { a: [{ b: 1, c: 2 }] }, { a: [{ c: 2, b: 1 }] }],
];
const different: readonly (readonly [string, unknown, unknown])[] = [
  ["the order of a list", [1, 2], [2, 1]],
  ["a value", { a: 1 }, { a: 2 }],
  ["a name", { a: 1 }, { b: 1 }],
  ["a number and its digits", 1, "1"],
  ["an empty list and an empty object", [], {}],
  ["where a word ends", ["ab", "c"], ["a", "bc"]],
];

test.each(same)("%s does not change a key", (_name, a, b) => {
  expect(keyOf(a)).toBe(keyOf(b));
});

test.each(different)("%s changes a key", (_name, a, b) => {
  expect(keyOf(a)).not.toBe(keyOf(b));
});

test("a key is the sha256 of canonical JSON, so the next version makes the same keys", () => {
  // printf '{"a":[true],"b":"x"}' | sha256sum
  expect(keyOf({ b: "x", a: [true] })).toBe("299bd1894e21bd91bb574aae3c812ad34326c50bd7c1428fbb052e11537d5207");
});
