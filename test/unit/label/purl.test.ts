import { PackageURL } from "packageurl-js";
import { describe, expect, test } from "vitest";
import { debianPurl, toolArch } from "../../../src/label/purl.ts";

describe("a package URL is read back by packageurl-js with the same parts", () => {
  const cases = [
    ["a plain version", "debhelper", "13.11.4", "pkg:deb/debian/debhelper@13.11.4?arch=amd64"],
    ["an epoch", "gcc", "4:12.2.0-3", "pkg:deb/debian/gcc@4:12.2.0-3?arch=amd64"],
    ["`+` in the name", "g++", "4:12", "pkg:deb/debian/g%2B%2B@4:12?arch=amd64"],
    ["characters that need no quotes in a shell's URL", "x", "1:2(a)!'*", "pkg:deb/debian/x@1:2%28a%29%21%27%2A?arch=amd64"],
    ["`+` and `~` in the version", "ovs", "3.3.0~rc1-1+kovn1", "pkg:deb/debian/ovs@3.3.0~rc1-1%2Bkovn1?arch=amd64"],
  ] as const;
  for (const [what, name, version, expected] of cases)
    test(what, () => {
      const purl = debianPurl("debian", name, version, "amd64");
      expect(purl).toBe(expected);
      const { type, namespace, qualifiers, ...read } = PackageURL.fromString(purl);
      expect({ type, namespace, name: read.name, version: read.version, arch: qualifiers?.["arch"] }).toEqual({
        type: "deb",
        namespace: "debian",
        name,
        version,
        arch: "amd64",
      });
    });
});

test("a library of another architecture than the programs has its own in the package URL", () => {
  const arch = toolArch({ arch: "arm64", buildArch: "amd64" });
  expect(debianPurl("debian", "gcc", "12", arch)).toBe("pkg:deb/debian/gcc@12?arch=amd64");
  expect(debianPurl("debian", "libssl-dev:arm64", "3", arch)).toBe("pkg:deb/debian/libssl-dev@3?arch=arm64");
  expect(toolArch({ arch: "arm64" })).toBe("arm64");
});
