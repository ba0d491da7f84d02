import { describe, expect, test } from "vitest";
import { describeObservation, judge, type Observation } from "../../../src/prove/verdict.ts";

const timer = (seen: string): Observation => ({ kind: "seen", facts: [{ what: "Election timer", seen, expected: "5000" }] });
const differs = { behavior: "the timer is 5000", unpatched: "differs" } as const;
const same = { behavior: "the timer is 5000", unpatched: "same" } as const;

describe("the verdict on an entry", () => {
  const cases: readonly [string, Parameters<typeof judge>, "pass" | "fail" | "skipped", RegExp][] = [
    ["passes when everything is as expected", [differs, timer("5000"), undefined], "pass", /^the timer is 5000$/],
    ["passes when other programs behave differently", [differs, timer("5000"), timer("1000")], "pass", /the timer is 5000/],
    ["fails and says what was expected", [differs, timer("1000"), undefined], "fail", /^Election timer: 1000, expected 5000$/],
    ["fails when other programs behave the same", [differs, timer("5000"), timer("5000")], "fail", /proves nothing/],
    ["passes when unpatched programs are right too", [same, timer("5000"), timer("5000")], "pass", /the timer is 5000/],
    ["fails when the programs failed", [differs, { kind: "failed", reason: "it crashed" }, undefined], "fail", /^it crashed$/],
    ["is skipped when nothing could be observed", [same, { kind: "skipped", reason: "none" }, undefined], "skipped", /^none$/],
    [
      "is the programs' own when those to compare with failed",
      [differs, timer("5000"), { kind: "failed", reason: "it crashed" }],
      "pass",
      /the timer is 5000/,
    ],
  ];
  test.each(cases)("%s", (_, [check, after, before], verdict, why) => {
    expect(judge(check, after, before)).toEqual({ verdict, why: expect.stringMatching(why) });
  });

  test("compares with a pattern where the text may differ", () => {
    const look: Observation = { kind: "seen", facts: [{ what: "it", seen: "runs well", expected: /^runs/ }] };
    expect(judge(differs, look, undefined).verdict).toBe("pass");
  });
});

test("an observation is one line for people", () => {
  const facts = [
    { what: "a", seen: "1", expected: "1" },
    { what: "b", seen: "2", expected: "3" },
  ];
  expect(describeObservation({ kind: "seen", facts })).toBe("a: 1; b: 2");
});
