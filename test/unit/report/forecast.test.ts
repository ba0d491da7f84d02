import { describe, expect, test } from "vitest";
import { forecast, type OpenJob } from "../../../src/report/forecast.ts";

const minutes = (number: number) => number * 60_000;

/** A job that takes some minutes, needs others, and has been running for some minutes. */
function job(id: string, expected: number | undefined, needs: readonly string[] = [], elapsed?: number): OpenJob {
  return {
    id,
    needs,
    expected: expected === undefined ? undefined : minutes(expected),
    elapsed: elapsed === undefined ? undefined : minutes(elapsed),
  };
}

const cases: Readonly<Record<string, readonly [jobs: readonly OpenJob[], parallel: number, left: number | undefined]>> = {
  "no job is left": [[], 2, 0],
  "one job waits": [[job("a", 3)], 1, 3],
  "one job runs": [[job("a", 3, [], 1)], 1, 2],
  "jobs run side by side": [[job("a", 3), job("b", 5)], 2, 5],
  "one slot: jobs run one after the other": [[job("a", 3), job("b", 5)], 1, 8],
  "a job starts when the one that it needs ends": [[job("a", 3, [], 1), job("b", 5, ["a"])], 2, 7],
  "a job that is needed and has ended does not count": [[job("b", 5, ["a"])], 2, 5],
  "a job takes the first slot that is free": [[job("a", 4), job("b", 1), job("c", 2)], 2, 4],
  "jobs queue up in the order in which those that they need end": [
    [job("a", 5, [], 0), job("b", 1, [], 0), job("c", 9, ["a"]), job("d", 9, ["b"]), job("e", 1, ["b"])],
    2,
    15,
  ],
  "more jobs run than slots are free": [[job("a", 3, [], 0), job("b", 2, [], 0), job("c", 1)], 1, 4],
  "a job takes longer than expected": [[job("a", 3, [], 9)], 1, 0],
  "a job takes longer than expected, and another one needs it": [[job("a", 3, [], 9), job("b", 5, ["a"])], 1, 5],
  "a running job is not known": [[job("a", undefined, [], 1), job("b", 5)], 1, undefined],
  "a waiting job is not known": [[job("a", 3), job("b", undefined)], 2, undefined],
};

describe("the forecast", () => {
  for (const [name, [jobs, parallel, left]] of Object.entries(cases))
    test(name, () => expect(forecast(jobs, parallel)).toBe(left === undefined ? undefined : minutes(left)));

  test("never rises or falls below zero while a job takes ever longer", () => {
    const lefts = Array.from({ length: 20 }, (_, elapsed) => forecast([job("a", 3, [], elapsed), job("b", 5, ["a"])], 1) ?? -1);
    expect(lefts).toEqual(lefts.toSorted((a, b) => b - a));
    expect(lefts.at(-1)).toBe(minutes(5));
  });
});
