import { describe, expect, test } from "vitest";
import {
  allowedBases,
  baseId,
  declaredBases,
  describeBase,
  publishedBase,
  type Base,
  type From,
} from "../../../src/plan/base.ts";
import { aptBase, aSource, pinBase } from "../../helpers/plan.ts";

const from = (rule: From["rule"], repositories: From["repositories"] = {}): From => ({ rule, repositories });
const clone: Base = { ...pinBase, from: "../ovs" };

const cases: readonly (readonly [string, From, readonly Base[]])[] = [
  ["auto allows upstream, then the alternates", from("auto"), [pinBase, aptBase]],
  ["git allows no alternate", from("git"), [pinBase]],
  ["apt allows only alternates", from("apt"), [aptBase]],
  ["a given repository is the only base, at the pinned commit", from("auto", { ovs: "../ovs" }), [clone]],
  ["a given repository takes precedence over apt", from("apt", { ovs: "../ovs" }), [clone]],
  ["a repository of another source has no effect", from("git", { ovn: "../ovn" }), [pinBase]],
];

describe("allowed bases", () => {
  test.each(cases)("%s", (_name, given, expected) => {
    expect(allowedBases(aSource(), given)).toEqual(expected);
  });

  test("a reason for the pin leaves no alternate, and refuses apt", () => {
    const why = "the alternate has no DPDK";
    expect(allowedBases(aSource(), from("auto"), why)).toEqual([pinBase]);
    expect(allowedBases(aSource(), from("apt", { ovs: "../ovs" }), why)).toEqual([clone]);
    expect(() => allowedBases(aSource(), from("apt"), why)).toThrow(
      "Source `ovs` has to be upstream's: the alternate has no DPDK.",
    );
  });

  test("apt is refused for a source without an alternate", () => {
    expect(() => allowedBases(aSource({ name: "ovn", alternates: [] }), from("apt"))).toThrow(
      "Source `ovn` has no Debian package as an alternate.",
    );
  });
});

test("all bases are declared, whatever is preferred", () => {
  expect(declaredBases(aSource(), from("apt"))).toEqual([pinBase, aptBase]);
  expect(declaredBases(aSource(), from("git", { ovs: "../ovs" }))).toEqual([clone, aptBase]);
});

test("a base's id does not depend on where it comes from", () => {
  expect(baseId(clone)).toBe(baseId(pinBase));
  expect(baseId(aptBase)).toBe(`apt:${"b".repeat(64)}`);
});

test("a base is published without the place where it was fetched from", () => {
  expect(publishedBase(clone)).toEqual(pinBase);
  expect(publishedBase(aptBase)).toEqual(aptBase);
});

test("a base is described in a few words", () => {
  expect(describeBase(pinBase)).toBe("https://example.com/ovs.git at aaaaaaaaaaaa");
  expect(describeBase(clone)).toBe("../ovs at aaaaaaaaaaaa");
  expect(describeBase(aptBase)).toBe("Debian's openvswitch-source 3.1.0-2");
});
