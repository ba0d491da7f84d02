import { expect, test } from "vitest";
import { fuzz } from "../fuzz/fuzz.ts";

test("25 randomly changed projects are refused with exit code 2 or planned correctly", { timeout: 110_000 }, async () => {
  const { refused, planned, applied, failures } = await fuzz({ count: 25, seed: 1, parallel: 2 });
  expect(failures).toEqual([]);
  expect(refused + planned + applied).toBe(25);
});
