import { expect, test } from "vitest";
import { orderJobs } from "../../../src/plan/graph.ts";

type Graph = Readonly<Record<string, readonly string[]>>;
const order = (wanted: readonly string[], needs: Graph) => orderJobs(wanted, (id) => needs[id] ?? []);

const cases: readonly (readonly [string, readonly string[], Graph, readonly string[]])[] = [
  ["no jobs give no jobs", [], { a: [] }, []],
  ["a job without needs is the only one", ["a"], { a: [], b: [] }, ["a"]],
  ["a chain starts with the job that needs nothing", ["c"], { c: ["b"], b: ["a"], a: [] }, ["a", "b", "c"]],
  [
    "in a diamond, the job that both sides need comes once and first",
    ["d"],
    { d: ["b", "c"], b: ["a"], c: ["a"], a: [] },
    ["a", "b", "c", "d"],
  ],
  ["independent jobs keep their order", ["b", "a"], { a: [], b: [] }, ["b", "a"]],
  ["a job that is given twice is listed once", ["a", "a"], { a: [] }, ["a"]],
];

test.each(cases)("%s", (_name, wanted, needs, expected) => {
  expect(order(wanted, needs)).toEqual(expected);
});

const circles: readonly (readonly [string, readonly string[], Graph, string])[] = [
  ["a job that needs itself", ["a"], { a: ["a"] }, "a -> a"],
  ["a circle of two", ["a"], { a: ["b"], b: ["a"] }, "a -> b -> a"],
  ["a circle behind a job", ["a"], { a: ["b"], b: ["c"], c: ["b"] }, "b -> c -> b"],
];

test.each(circles)("%s is reported as a circle", (_name, wanted, needs, circle) => {
  expect(() => order(wanted, needs)).toThrow(`in a circle: ${circle}.`);
});
