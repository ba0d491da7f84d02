import { expect, test } from "vitest";
import type { Source } from "../../../src/config/source.ts";
import { checkSeed } from "../../../src/patches/check-seed.ts";
import { aPatch, aSource } from "../../helpers/plan.ts";

const id = (digit: string) => digit.repeat(10);
const seed = ["1", "2"].map((digit, index) => ({
  ...{ entry: index + 1, source: "ovs", repository: "kubeovn/ovs" },
  ...{ commit: digit.repeat(40), title: `Change ${digit}` },
}));
const first = aPatch("one.patch", { seed: id("1") });
const drop = (digit: string) => ({ seed: id(digit), since: "1.12.1", why: "nobody sets it" });

const cases: readonly (readonly [string, Partial<Source>, "ok" | "failed", string])[] = [
  ["without a patch", {}, "failed", "entries without a patch: 2 (2222222222)"],
  [
    "dropped",
    { dropped: [drop("2")] },
    "ok",
    "each of its 2 entries is a patch or merged upstream, or dropped with a reason (1)",
  ],
  [
    "dropped and a patch",
    { dropped: [drop("1"), drop("2")] },
    "failed",
    "ovs drops 1111111111, but has a patch for it: `one.patch`",
  ],
  [
    "dropped and unknown",
    { dropped: [drop("2"), drop("3")] },
    "failed",
    "ovs drops 3333333333, which is not an entry of the seed for it",
  ],
];

test.each(cases)("an entry that is %s", (_, changes, outcome, detail) => {
  const source = aSource({ patches: [first], ...changes });
  expect(checkSeed(seed, [source])).toEqual({ source: "all", check: "seed", outcome, detail });
});
