import { describe, expect, test } from "vitest";
import type { Row } from "../../../src/report/rows.ts";
import { drawView, type JobCounts, type View } from "../../../src/report/view.ts";

const screen = { columns: 80, rows: 24, color: false };

function job(name: string, change: Partial<Row> = {}): Row {
  return { name, doing: "step 1 of 2: deb", elapsed: 61_000, expected: undefined, warnings: 0, last: "gcc -c x.c", ...change };
}

const view = (running: readonly Row[], counts: Partial<JobCounts> = {}): View => ({
  running,
  jobs: { running: running.length, waiting: 0, ended: 0, failed: 0, ...counts },
  elapsed: 3_700_000,
});
const many = (number: number) => Array.from({ length: number }, (_, index) => job(`job-${index + 1}`));

describe("the live view", () => {
  test("shows each job with time, expected time, warnings and last output, and a summary", () => {
    const running = [job("ovs", { expected: 166_000, warnings: 1 }), job("ovn-long", { warnings: 14, last: "" })];
    expect(drawView(view(running, { waiting: 3, ended: 1 }), screen)).toEqual([
      "ovs       step 1 of 2: deb, 1 min 01 s of about 2 min 46 s, 1 warning",
      "          gcc -c x.c",
      "ovn-long  step 1 of 2: deb, 1 min 01 s, 14 warnings",
      "",
      "1 of 6 jobs built, 2 running, 3 waiting, 1 h 01 min",
    ]);
  });

  test("says that no new jobs start when a job failed", () => {
    expect(drawView(view([job("a")], { waiting: 3, ended: 2, failed: 1 }), screen).at(-1)).toBe(
      "1 of 6 jobs built, 1 running, 1 failed, no new jobs start, 1 h 01 min",
    );
  });

  for (const [rows, columns] of [
    [24, 80],
    [5, 20],
    [60, 200],
  ] as const)
    test(`fits 40 jobs on ${columns}x${rows}`, () => {
      const lines = drawView(view(many(40)), { ...screen, rows, columns });
      expect(lines.length).toBeLessThan(rows);
      for (const line of lines) expect(line.length).toBeLessThan(columns);
      const shown = lines.filter((line) => line.startsWith("job-")).length;
      expect(lines.join("\n")).toContain(rows > 42 ? "40 running" : `and ${40 - shown} tasks more`.slice(0, columns - 2));
    });

  test("drops the output before a job when there are few rows", () => {
    expect(drawView(view(many(11)), screen)).toHaveLength(23);
    expect(drawView(view(many(12)), screen)).toHaveLength(13);
  });

  const lasts: Readonly<Record<string, readonly [string, string]>> = {
    "a long line is cut": ["x".repeat(200), `     ${"x".repeat(73)}…`],
    "wide characters count twice": ["日本語".repeat(30), `     ${"日本語".repeat(30).slice(0, 37)}…`],
    "colors and other control characters are removed": ["\u001b[31mred\u001b[0m\tbell\u0007", "     red bell"],
    "of a line that overwrites itself the last state is shown": ["10%\r50%\r100%", "     100%"],
  };
  for (const [name, [last, shown]] of Object.entries(lasts))
    test(name, () => expect(drawView(view([job("ovs", { last })]), screen)[1]).toBe(shown));

  test("has colors only when asked to", () => {
    const running = [job("a")];
    expect(drawView(view(running), screen).join("")).not.toContain("\u001b");
    expect(drawView(view(running), { ...screen, color: true }).join("")).toContain("\u001b[2m");
  });
});
