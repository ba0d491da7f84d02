import { describe, expect, test } from "vitest";
import { plainSuiteReporter } from "../../../src/report/suite.ts";
import type { SuiteEvent } from "../../../src/suite/events.ts";

const hash = { program: "tests/testsuite", number: 59, file: "library.at", line: 24, title: "hash index" };
const ended = (done: number, changes: Partial<SuiteEvent & { event: "test" }> = {}): SuiteEvent => ({
  event: "test",
  tree: "ovs, patched",
  test: hash,
  failed: false,
  done,
  total: 1000,
  failures: 0,
  ...changes,
});

describe("the plain reporter of a suite", () => {
  const cases: Readonly<Record<string, readonly [SuiteEvent, string]>> = {
    "shows a phase and its log": [
      { event: "phase", tree: "ovs, patched", phase: "make", log: "/w/make.log" },
      "ovs, patched: make, log in /w/make.log\n",
    ],
    "does not repeat output": [{ event: "output", line: "gcc" }, ""],
    "shows the end of the log of a failed phase": [{ event: "broken", tail: ["a", "b"] }, "  a\n  b\n"],
    "shows a failure": [ended(7, { failed: true, failures: 1 }), "ovs, patched: FAILED 59: hash index\n"],
    "does not show each test": [ended(51), ""],
    "shows each twentieth part, and how long the rest will take": [
      ended(50, { failures: 2, left: 3_000_000 }),
      "ovs, patched: test 50 of 1000, 2 failed, about 50 min 00 s left\n",
    ],
  };
  for (const [name, [event, text]] of Object.entries(cases))
    test(name, () => {
      let printed = "";
      plainSuiteReporter((more) => void (printed += more)).emit(event);
      expect(printed).toBe(text);
    });
});
