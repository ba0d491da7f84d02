import { execa } from "execa";
import { expect, test } from "vitest";
import { distributionSuffix, variantSuffix } from "../../../src/plan/suffix.ts";

test.each([
  [undefined, ""],
  ["debian 12", ".deb12"],
  ["debian 13", ".deb13"],
  ["ubuntu 24.04", ".ubuntu24.04"],
  ["debian forky", ".debforky"],
  ["opensuse-leap 15.6", ".opensuse.leap15.6"],
  ["arch", ".arch"],
])("versions for %s end with `%s`", (distribution, suffix) => {
  expect(distributionSuffix(distribution)).toBe(suffix);
});

test.each([
  ["default", ""],
  ["legacy", ".legacy"],
  ["small-and-old", ".small.and.old"],
])("versions of the variant %s have `%s`", (variant, suffix) => {
  expect(variantSuffix(variant)).toBe(suffix);
});

test("dpkg takes a package for a later release for the newer one, and one of a higher revision before that", async () => {
  const version = (distribution: string, revision = 1) => `3.1.8-1+kovn${revision}.0123abcd${distributionSuffix(distribution)}`;
  const ordered = [
    version("debian 12"),
    version("debian 13"),
    version("debian forky"),
    version("debian 12", 2),
    version("ubuntu 22.04", 3),
    version("ubuntu 24.04", 3),
    version("ubuntu 26.04", 3),
  ];
  for (const [index, later] of ordered.entries())
    for (const earlier of ordered.slice(0, index))
      await execa("dpkg", ["--compare-versions", earlier, "lt", later], { stdio: "pipe" });
});
