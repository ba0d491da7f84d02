import { expect, test } from "vitest";
import { sortBy, sortKeys } from "../../src/order.ts";

test("a list is sorted by code units, and elements of the same text keep their order", () => {
  const list = [
    { name: "b", number: 1 },
    { name: "a", number: 2 },
    { name: "B", number: 3 },
    { name: "a", number: 4 },
  ];
  expect(sortBy(list, ({ name }) => name).map(({ number }) => number)).toEqual([3, 2, 4, 1]);
});

test("a record is sorted by its keys", () => {
  expect(Object.keys(sortKeys({ b: 1, a: 2, B: 3 }))).toEqual(["B", "a", "b"]);
});
