import { expect, test } from "vitest";
import { fuzz, fuzzExports } from "../fuzz/fuzz.ts";
import { isNightly } from "../helpers/nightly.ts";

/** Series of ten random commits each. */
const count = isNightly ? 5 : 1;

test("25 randomly changed projects are refused with exit code 2 or planned correctly", { timeout: 110_000 }, async () => {
  const { totals, failures } = await fuzz({ count: 25, seed: 1, parallel: 2 });
  expect(failures).toEqual([]);
  expect(totals.refused + totals.planned + totals.applied).toBe(25);
});

test(`${count * 10} random commits are refused or exported without loss`, { timeout: count * 110_000 }, async () => {
  const { totals, failures } = await fuzzExports({ count, seed: 1, parallel: 2 });
  expect(failures).toEqual([]);
  expect(totals.refused + totals.exported).toBe(count * 10);
});
