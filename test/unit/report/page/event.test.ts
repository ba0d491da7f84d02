import { describe, expect, test } from "vitest";
import { makePlan } from "../../../../src/plan/plan.ts";
import { parseEvents } from "../../../../src/report/page/event.ts";
import type { RunEvent } from "../../../../src/run/events.ts";
import { aPlanInput } from "../../../helpers/plan.ts";
import { anArtifact, begin, lines } from "../../../helpers/run-folder.ts";

const compilerCache = { hits: 1, misses: 2, remoteHits: 0, remoteErrors: 0 };

/** One of each event that a page shows, as a run reports it. */
const events: readonly RunEvent[] = [
  { event: "run", schema: 1, run: "20261126T043000Z-1", version: "0.1.0" },
  { event: "plan", ...makePlan(aPlanInput()) },
  { event: "notice", message: "m" },
  { event: "task-start", task: 1, title: "t" },
  { event: "task-start", task: 2, parent: 1, title: "t", job: "ovs" },
  { event: "task-progress", task: 2, message: "patch 3 of 18" },
  { event: "task-end", task: 2, outcome: "done", duration: 1 },
  { event: "job-start", job: "ovs", log: "/log", expected: 1, changes: ["c"] },
  { event: "job-cached", job: "ovs", finished: "2026-11-26T04:30:00.000Z", duration: 1 },
  { event: "job-skipped", job: "ovn", needs: ["ovs"] },
  { event: "step-start", job: "ovs", step: "deb", position: 1, count: 2 },
  {
    event: "job-end",
    job: "ovs",
    outcome: "failed",
    duration: 1,
    warnings: 0,
    log: "/log",
    errors: [],
    tail: ["t"],
    compilerCache,
  },
  { event: "done", folder: "dist/linux", duration: 1, artifacts: [anArtifact("ovs", 1, "a")] },
  {
    event: "failed",
    code: "build",
    docs: "docs/errors/build.md",
    message: "m",
    hint: "h",
    at: [{ file: "f", line: 1, message: "m" }],
    duration: 1,
  },
];

describe("a file of events", () => {
  test("is read in full", () => {
    const read = parseEvents(lines(...events.map((event, index) => [index, event] as const)), String);
    expect(read).toMatchObject({ isCut: false, damaged: 0, isLong: false });
    expect(read.events.map(({ event }) => event)).toEqual(events.map(({ event }) => event));
  });

  test("may have events that this version does not know", () => {
    const text = lines([0, begin], [1, { event: "output", job: "ovs", line: "x" }], [2, { event: "of-2030", job: 5 }]);
    expect(parseEvents(text, String)).toMatchObject({ events: [{ event: "run" }], isCut: false, damaged: 0 });
  });

  test("of more events than a page can show is read up to there", () => {
    const text = lines([0, begin]) + lines([1, { event: "notice", message: "m" }]).repeat(100_000);
    const read = parseEvents(text, String);
    expect(read).toMatchObject({ isLong: true, isCut: false });
    expect(read.events).toHaveLength(40_000);
  });

  test("that ends in the middle of a line is read up to there", () => {
    const text = lines([0, begin], [1, { event: "notice", message: "m" }]);
    for (let length = lines([0, begin]).length + 1; length < text.length; length += 1)
      expect(parseEvents(text.slice(0, length), String)).toMatchObject({ events: [{ event: "run" }], isCut: true, damaged: 0 });
  });

  test.for(["", "{", "null", "[]", "5", '{"event":5}', '{"event":"task-start","task":"1","time":1}', "\0\0\0"])(
    "is read around the damaged line %j",
    (line) => {
      const text = `${lines([0, begin])}${line}\n${lines([9, { event: "notice", message: "m" }])}`;
      expect(parseEvents(text, String)).toMatchObject({ events: [{ event: "run" }, { event: "notice" }], damaged: 1 });
    },
  );
});
