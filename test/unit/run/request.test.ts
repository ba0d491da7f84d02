import { describe, expect, test } from "vitest";
import { parseFrom } from "../../../src/config/from.ts";
import type { From } from "../../../src/plan/base.ts";

const sources = ["ovn", "ovs"];

describe("--from", () => {
  const cases: readonly (readonly [string, readonly string[], From])[] = [
    ["defaults to auto", [], { rule: "auto", repositories: {} }],
    ["applies a rule to all sources", ["apt"], { rule: "apt", repositories: {} }],
    ["uses the last of several rules", ["apt", "git"], { rule: "git", repositories: {} }],
    ["uses a path for its source only", ["ovs=../ovs"], { rule: "auto", repositories: { ovs: "../ovs" } }],
    ["accepts a URL with an equals sign", ["ovs=https://h/a=b"], { rule: "auto", repositories: { ovs: "https://h/a=b" } }],
    ["combines a rule with repositories", ["git", "ovs=a", "ovn=b"], { rule: "git", repositories: { ovs: "a", ovn: "b" } }],
  ];

  test.each(cases)("%s", (_name, values, expected) => {
    expect(parseFrom(values, sources)).toEqual(expected);
  });

  const wrong: readonly (readonly [string, string, string])[] = [
    [
      "an unknown rule",
      "atp",
      "Value of --from `atp` is unknown. Available: `auto`, `git`, `apt`, `ovn=PATH_OR_URL`, `ovs=PATH_OR_URL`.",
    ],
    ["an unknown source", "obs=../ovs", "Source `obs` is unknown. Available: `ovn`, `ovs`."],
    ["a query, where a token could be", "ovs=https://h/?token=x", "The address in --from ovs=... has a query"],
    ["a source without a path", "ovs=", "Value of --from `ovs=` is unknown."],
  ];

  test.each(wrong)("refuses %s", (_name, value, message) => {
    expect(() => parseFrom([value], sources)).toThrow(message);
  });
});
