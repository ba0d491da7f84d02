import { expect, test } from "vitest";
import { unknownName } from "../../../src/config/names.ts";

const cases: readonly (readonly [string, string, readonly string[], string | undefined])[] = [
  ["two letters that changed places", "linxu", ["linux", "windows"], "linux"],
  ["a letter too many", "ovss", ["ovs", "ovn"], "ovs"],
  ["another case", "OVS", ["ovs", "ovn"], "ovs"],
  ["the nearest of several", "ovn2", ["ovs", "ovn"], "ovn"],
  ["a short name with one wrong letter", "x", ["y"], "y"],
  ["nothing that is near", "macos", ["linux", "windows"], undefined],
  ["nothing that exists", "linux", [], undefined],
];

test.each(cases)("the suggestion for %s", (_name, name, known, expected) => {
  expect(unknownName("Target", name, known).hint).toBe(expected === undefined ? undefined : `Did you mean \`${expected}\`?`);
});

test("the message names what is unknown and all that exists", () => {
  expect(unknownName("Target", "mac", ["linux", "windows"])).toMatchObject({
    code: "usage",
    message: "Target `mac` is unknown. There is: `linux`, `windows`.",
  });
  expect(unknownName("Line", "1", []).message).toBe("Line `1` is unknown. There is: none.");
});
