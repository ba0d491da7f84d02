import { hostname } from "node:os";
import { describe, expect, test } from "vitest";
import type { Row } from "../../../src/report/rows.ts";
import type { Summary } from "../../../src/report/job-states.ts";
import { makeStyle } from "../../../src/report/style.ts";
import { drawView, type View } from "../../../src/report/view.ts";

const screen = { columns: 80, rows: 24 };
const plain = makeStyle({ color: false, links: false });

function job(name: string, change: Partial<Row> = {}): Row {
  const row = { name, doing: "step 1 of 2: deb", elapsed: 61_000, expected: undefined, warnings: 0 };
  return { ...row, last: "gcc -c x.c", log: "/runs/1/log", ...change };
}

const start = { waiting: 0, built: 0, failed: 0, isStopping: false, left: undefined };
const view = (running: readonly Row[], summary: Partial<Summary> = {}): View => ({
  running,
  summary: { running: running.length, ...start, ...summary },
  elapsed: 3_700_000,
});
const sum = (summary: Partial<Summary>) => drawView(view([job("a")], summary), screen, plain).at(-1);
const many = (number: number) => Array.from({ length: number }, (_, index) => job(`job-${index + 1}`));

describe("the live view", () => {
  test("shows each job with time, expected time, warnings and last output, and a summary", () => {
    const running = [job("ovs", { expected: 166_000, warnings: 1 }), job("ovn-long", { warnings: 14, last: "" })];
    expect(drawView(view(running, { waiting: 3, built: 1 }), screen, plain)).toEqual([
      "ovs       step 1 of 2: deb, 1 min 01 s of about 2 min 46 s, 1 warning",
      "          gcc -c x.c",
      "ovn-long  step 1 of 2: deb, 1 min 01 s, 14 warnings",
      "",
      "1 of 6 jobs built, 2 running, 3 waiting, 1 h 01 min",
    ]);
  });

  test("says that no new jobs start when a job failed", () => {
    expect(sum({ waiting: 3, built: 1, failed: 1, isStopping: true })).toBe(
      "1 of 6 jobs built, 1 failed, 1 running, no new jobs start, 1 h 01 min",
    );
  });

  test("says how many jobs failed and wait when the others go on", () => {
    expect(sum({ waiting: 3, built: 1, failed: 1 })).toBe("1 of 6 jobs built, 1 failed, 1 running, 3 waiting, 1 h 01 min");
  });

  const ends: Readonly<Record<string, readonly [number, string]>> = {
    "an hour or more": [3_600_001, "about 1 h 01 min left"],
    "minutes are rounded up": [300_001, "about 6 min left"],
    "one minute": [60_000, "about 1 min left"],
    "less than a minute": [59_999, "less than a minute left"],
    "later than expected": [0, "done any moment now"],
  };
  for (const [name, [left, shown]] of Object.entries(ends))
    test(`says when the build will end: ${name}`, () => {
      expect(sum({ left })).toBe(`0 of 1 job built, ${shown}, 1 running, 0 waiting, 1 h 01 min`);
    });

  for (const [rows, columns] of [
    [24, 80],
    [5, 20],
    [60, 200],
  ] as const)
    test(`fits 40 jobs on ${columns}x${rows}`, () => {
      const lines = drawView(view(many(40)), { rows, columns }, plain);
      expect(lines.length).toBeLessThan(rows);
      for (const line of lines) expect(line.length).toBeLessThan(columns);
      const shown = lines.filter((line) => line.startsWith("job-")).length;
      expect(lines.join("\n")).toContain(rows > 42 ? "40 running" : `and ${40 - shown} tasks more`.slice(0, columns - 2));
    });

  test("a task that is not of a job has one line, with what it says", () => {
    const lock = job("lock", { doing: "patch 3 of 18", elapsed: 9000, log: undefined, last: "" });
    expect(drawView({ running: [lock], summary: undefined, elapsed: 0 }, screen, plain)).toEqual(["lock  patch 3 of 18, 9.0 s"]);
  });

  test("drops the output before a job when there are few rows", () => {
    expect(drawView(view(many(11)), screen, plain)).toHaveLength(23);
    expect(drawView(view(many(12)), screen, plain)).toHaveLength(13);
  });

  const lasts: Readonly<Record<string, readonly [string, string]>> = {
    "a long line is cut": ["x".repeat(200), `     ${"x".repeat(73)}…`],
    "wide characters count twice": ["日本語".repeat(30), `     ${"日本語".repeat(30).slice(0, 37)}…`],
    "colors are dropped, and control characters shown": ["\u001b[31mred\u001b[0m\tbell\u0007", "     red bell\\x07"],
    "of a line that overwrites itself the last state is shown": ["10%\r50%\r100%", "     100%"],
  };
  for (const [name, [last, shown]] of Object.entries(lasts))
    test(name, () => expect(drawView(view([job("ovs", { last })]), screen, plain)[1]).toBe(shown));

  test("has colors only when asked to", () => {
    const shown = view([job("a", { warnings: 2 })], { failed: 1 });
    expect(drawView(shown, screen, plain).join("")).not.toContain("\u001b");
    expect(drawView(shown, screen, makeStyle({ color: true, links: false }))).toEqual([
      "a  step 1 of 2: deb, 1 min 01 s, \u001b[33m2 warnings\u001b[39m",
      "\u001b[2m   gcc -c x.c\u001b[22m",
      "0 of 2 jobs built, \u001b[31m1 failed\u001b[39m, 1 running, 0 waiting, 1 h 01 min",
    ]);
  });

  test("links the name of a job to its log only where the terminal takes links, and the name is not cut", () => {
    const linked = makeStyle({ color: false, links: true });
    expect(drawView(view([job("ovs")]), screen, linked)[0]).toBe(
      `\u001b]8;;file://${hostname()}/runs/1/log\u001b\\ovs\u001b]8;;\u001b\\  step 1 of 2: deb, 1 min 01 s`,
    );
    const cut = drawView(view([job("a-very-long-name")]), { columns: 12, rows: 24 }, linked);
    expect(cut[0]).toBe("a-very-lon…");
  });
});
