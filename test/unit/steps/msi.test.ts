import { describe, expect, test } from "vitest";
import { productVersion } from "../../../src/steps/msi.ts";

describe("the version of an installer", () => {
  const cases: readonly (readonly [string, number, string])[] = [
    ["3.1.8", 1, "3.1.8001"],
    ["3.1.8", 2, "3.1.8002"],
    ["3.1.9", 1, "3.1.9001"],
    ["3.1.0-2+deb12u1", 12, "3.1.12"],
    ["3.1.64", 999, "3.1.64999"],
  ];
  test.each(cases)("of %s, revision %i, is %s", (version, revision, expected) => {
    expect(productVersion(version, revision)).toBe(expected);
  });

  const wrong: readonly (readonly [string, number])[] = [
    ["3.1", 1],
    ["3.1.65", 600],
    ["3.1.8", 1000],
    ["256.1.1", 1],
  ];
  test.each(wrong)("of %s, revision %i, does not fit", (version, revision) => {
    expect(() => productVersion(version, revision)).toThrow("does not fit");
  });
});
