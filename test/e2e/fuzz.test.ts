import { expect, test } from "vitest";
import { fuzz, fuzzExports } from "../fuzz/fuzz.ts";

test("25 randomly changed projects are refused with exit code 2 or planned correctly", { timeout: 110_000 }, async () => {
  const { totals, failures } = await fuzz({ count: 25, seed: 1, parallel: 2 });
  expect(failures).toEqual([]);
  expect(totals.refused + totals.planned + totals.applied).toBe(25);
});

test("20 random commits are refused or exported without loss", { timeout: 110_000 }, async () => {
  const { totals, failures } = await fuzzExports({ count: 2, seed: 1, parallel: 2 });
  expect(failures).toEqual([]);
  expect(totals.refused + totals.exported).toBe(20);
});
