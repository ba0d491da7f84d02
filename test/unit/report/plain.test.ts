import { expect, test } from "vitest";
import { describeEvent } from "../../../src/report/plain.ts";

const start = { event: "job-start", job: "ovs", log: "/log" } as const;
const end = { event: "job-end", job: "ovs", outcome: "built", duration: 1000, warnings: 0, log: "/log", tail: [] } as const;

test("a job that starts says what changed, but not hundreds of packages", () => {
  expect(describeEvent({ ...start, changes: [] }, false)).toBe("ovs: started, log in /log");
  expect(describeEvent({ ...start, changes: ["flags: -O2 → -O3"] }, false)).toBe("ovs: started, log in /log\n  flags: -O2 → -O3");
  const many = Array.from({ length: 8 }, (_, index) => `package p${index}: 1 → 2`);
  expect(
    describeEvent({ ...start, changes: many }, false)
      ?.split("\n")
      .slice(6),
  ).toEqual(["  package p5: 1 → 2", "  and 2 more changes: kovn-build cache why"]);
});

test("a job that ends says what ccache knew, and what went wrong with the remote cache", () => {
  const told = (hits: number, misses: number, remoteHits: number, remoteErrors: number) =>
    describeEvent({ ...end, compilerCache: { hits, misses, remoteHits, remoteErrors } }, false);
  expect(told(0, 1, 0, 0)).toBe("ovs: built after 1.0 s, ccache knew 0 of 1 compilation");
  expect(told(3, 1, 2, 0)).toBe("ovs: built after 1.0 s, ccache knew 3 of 4 compilations (2 of them from the remote cache)");
  expect(told(0, 4, 0, 5)).toBe(
    "ovs: built after 1.0 s, ccache knew 0 of 4 compilations, 5 times without an answer of the remote cache",
  );
});
