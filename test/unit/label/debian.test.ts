import { expect, test } from "vitest";
import { binaryPackages, onlyPackages, ownControl, ownRules, packageSbom } from "../../../src/label/debian.ts";
import { readSbomLabel } from "../../../src/label/sbom.ts";
import { aLabel } from "../../helpers/label.ts";

test("binary packages are the paragraphs of debian/control with a package", () => {
  const control =
    "Source: demo\nMaintainer: Up\n\nPackage: demo\nArchitecture: linux-any\n\nPackage: demo-doc\nArchitecture: all\n";
  expect(binaryPackages(control)).toEqual([
    { name: "demo", architecture: "linux-any" },
    { name: "demo-doc", architecture: "all" },
  ]);
});

test("packages that are not named are not built", () => {
  const control =
    "Source: demo\n\nPackage: demo\nArchitecture: any\n\nPackage: demo-doc\nBuild-Profiles: <!nodoc>\nArchitecture: all\nDescription: d\n";
  expect(onlyPackages(control, ["demo"])).toBe(
    "Source: demo\n\nPackage: demo\nArchitecture: any\n\nPackage: demo-doc\nBuild-Profiles: <pkg.kovn-build.none>\nArchitecture: all\nDescription: d\n",
  );
  expect(onlyPackages(control, ["demo", "demo-doc"])).toBe(control);
});

test("a package of a distribution says which version of it is the base", () => {
  const base = { kind: "apt", package: "demo", version: "1.2.3-1", member: "demo.tar", sha256: "1".repeat(64) } as const;
  expect(ownControl("Source: demo\nMaintainer: Up\n", aLabel({ base }))).toContain("XB-Kovn-Base: demo 1.2.3-1\n");
});

test("the label of a package for all architectures has none", () => {
  const text = packageSbom({ name: "demo-doc", architecture: "all" }, "1.2.3-1", aLabel());
  expect(readSbomLabel(text)).not.toHaveProperty("arch");
  expect(text).toContain("pkg:deb/kube-ovn/demo-doc@1.2.3-1?arch=all");
});

test("rules and control files that cannot be added to are an error", () => {
  expect(() => ownRules("override_dh_md5sums:\n\ttrue\n")).toThrow("debian/rules has a target `override_dh_md5sums`");
  expect(() => ownControl("Source: demo\n", aLabel())).toThrow("debian/control has no field Maintainer.");
});
