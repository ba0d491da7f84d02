import { expect, test } from "vitest";
import { unknownName } from "../../../src/config/names.ts";

const cases: readonly (readonly [string, string, readonly string[], string | undefined])[] = [
  ["two swapped letters", "linxu", ["linux", "windows"], "linux"],
  ["an extra letter", "ovss", ["ovs", "ovn"], "ovs"],
  ["another case", "OVS", ["ovs", "ovn"], "ovs"],
  ["the nearest of several", "ovn2", ["ovs", "ovn"], "ovn"],
  ["a short name with one wrong letter", "x", ["y"], "y"],
  ["nothing similar", "macos", ["linux", "windows"], undefined],
  ["no known name", "linux", [], undefined],
];

test.each(cases)("the suggestion for %s", (_name, name, known, expected) => {
  expect(unknownName("Target", name, known).hint).toBe(expected === undefined ? undefined : `Did you mean \`${expected}\`?`);
});

test("the message names the unknown name and all known ones", () => {
  expect(unknownName("Target", "mac", ["linux", "windows"])).toMatchObject({
    code: "usage",
    message: "Target `mac` is unknown. Available: `linux`, `windows`.",
  });
  expect(unknownName("Line", "1", []).message).toBe("Line `1` is unknown. Available: none.");
});
