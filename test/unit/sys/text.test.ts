import { expect, test } from "vitest";
import { cutLines } from "../../../src/sys/text.ts";

test("cutLines cuts what is too long to read, and only that", () => {
  const path = `/${"a/".repeat(499)}`;
  expect(cutLines(`${path} is wrong:\nsee there`)).toBe(`${`${path} is wrong:`.slice(0, 1000)}…\nsee there`);
  expect(cutLines(`one\n${"[".repeat(3_000_000)}\ntwo\n`)).toBe(`one\n${"[".repeat(1000)}…\ntwo\n`);
  expect(cutLines("💥".repeat(1000))).toBe("💥".repeat(1000));
});
