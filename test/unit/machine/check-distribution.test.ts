import { expect, test } from "vitest";
import { checkDistribution, sayUnknown } from "../../../src/machine/check-distribution.ts";

test.for([
  ["debian 12", "ok", "debian 12", undefined],
  ["ubuntu 24.04", "ok", "ubuntu 24.04", undefined],
  ["debian sid", "warning", "debian sid", "This machine has debian sid, which is none of debian 12, debian 13, ubuntu 22.04, "],
  [undefined, "warning", "unknown", "Nothing says which distribution this machine has"],
] as const)("the distribution %s is %s", ([distribution, status, found, said]) => {
  const check = checkDistribution(distribution);
  expect(check).toMatchObject({ name: "distribution", status, found });
  expect(check.fix === undefined).toBe(status === "ok");
  expect(sayUnknown(distribution) ?? "").toContain(said ?? "");
  expect(sayUnknown(distribution) === undefined).toBe(said === undefined);
});
