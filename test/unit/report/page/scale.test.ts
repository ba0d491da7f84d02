import { describe, expect, test } from "vitest";
import { drawBar, marksOf } from "../../../../src/report/page/scale.ts";

describe("the axis", () => {
  test.for([
    [0, [0]],
    [500, [0]],
    [4000, [0, 1000, 2000, 3000, 4000]],
    [100_000, [0, 30_000, 60_000, 90_000]],
    [3_600_000, [0, 600_000, 1_200_000, 1_800_000, 2_400_000, 3_000_000, 3_600_000]],
    [7 * 3_600_000, [0, 7_200_000, 14_400_000, 21_600_000]],
  ] as const)("of %i ms has marks at round times", ([length, marks]) => {
    expect(marksOf(length)).toEqual(marks);
  });

  test("of a year has few marks", () => {
    expect(marksOf(365 * 24 * 3_600_000)).toHaveLength(7);
  });
});

test("a bar says its times in words", () => {
  expect(drawBar({ start: 62_000, end: 100_000 }, { start: 50_000, end: 150_000 }, "built").text).toContain(
    "<title>from 12.0 s to 50.0 s</title>",
  );
});

test("a bar stays in its picture, whatever its times", () => {
  const places = [
    ...drawBar({ start: -50, end: 500 }, { start: 0, end: 100 }, "built").text.matchAll(/(?:x|width)="([\d.-]+)%"/g),
  ];
  for (const [, place] of places) expect(Number(place)).toBeGreaterThanOrEqual(0);
  for (const [, place] of places) expect(Number(place)).toBeLessThanOrEqual(100);
});
