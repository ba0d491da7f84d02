import { expect, test } from "vitest";
import { describeEvent } from "../../../src/report/describe.ts";
import { makeStyle } from "../../../src/report/style.ts";

const plain = { verbose: false, style: makeStyle({ color: false, links: false }) };

const start = { event: "job-start", job: "ovs", log: "/log" } as const;
const end = {
  event: "job-end",
  job: "ovs",
  outcome: "built",
  duration: 1000,
  warnings: 0,
  log: "/log",
  errors: [],
  tail: [],
} as const;

test("the start of a job shows what changed, but not hundreds of packages", () => {
  expect(describeEvent({ ...start, changes: [] }, plain)).toBe("ovs: started, log in /log");
  expect(describeEvent({ ...start, changes: ["flags: -O2 → -O3"] }, plain)).toBe("ovs: started, log in /log\n  flags: -O2 → -O3");
  const many = Array.from({ length: 8 }, (_, index) => `package p${index}: 1 → 2`);
  expect(
    describeEvent({ ...start, changes: many }, plain)
      ?.split("\n")
      .slice(6),
  ).toEqual(["  package p5: 1 → 2", "  and 2 more changes: kovn-build cache why"]);
});

test("the end of a job shows the hits of ccache, and errors of the remote cache", () => {
  const shown = (hits: number, misses: number, remoteHits: number, remoteErrors: number) =>
    describeEvent({ ...end, compilerCache: { hits, misses, remoteHits, remoteErrors } }, plain);
  expect(shown(0, 1, 0, 0)).toBe("ovs: built after 1.0 s, ccache: 0 of 1 hits");
  expect(shown(3, 1, 2, 0)).toBe("ovs: built after 1.0 s, ccache: 3 of 4 hits (2 from the remote cache)");
  expect(shown(0, 4, 0, 5)).toBe("ovs: built after 1.0 s, ccache: 0 of 4 hits, 5 errors of the remote cache");
});
