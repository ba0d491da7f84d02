import { describe, expect, test } from "vitest";
import { nextVersion, previousVersion, releasedVersions } from "../../../src/release/version.ts";

describe("the next version", () => {
  const cases = [
    ["of a line without releases is its first", [], undefined, "1.12.0"],
    ["of a line without releases can be a prerelease", [], "rc", "1.12.0-rc.1"],
    ["is the patch version after the last", ["1.12.0", "1.12.9", "1.12.10"], undefined, "1.12.11"],
    ["after a prerelease is what it came before", ["1.12.0", "1.12.1-rc.1"], undefined, "1.12.1"],
    ["after a release begins a prerelease of the one after", ["1.12.0"], "rc", "1.12.1-rc.1"],
    ["after a prerelease counts on", ["1.12.1-rc.9"], "rc", "1.12.1-rc.10"],
    ["of a prerelease name that sorts higher stays with the version", ["1.12.1-beta.3"], "rc", "1.12.1-rc.1"],
    ["of a prerelease name that sorts lower is of the version after", ["1.12.1-rc.1"], "beta", "1.12.2-beta.1"],
  ] as const;
  for (const [what, released, preid, expected] of cases)
    test(what, () => expect(nextVersion("1.12", released, preid)).toBe(expected));
});

test("released versions are a line's own tags, lowest first", () => {
  const tags = ["v1.12.10", "v1.12.2", "v1.12.2-rc.1", "v1.13.0", "1.12.3", "v1.12", "v1.12.4+build", "vendor", "v01.12.1"];
  expect(releasedVersions("1.12", tags)).toEqual(["1.12.2-rc.1", "1.12.2", "1.12.10"]);
});

describe("notes begin after", () => {
  const released = ["1.12.0", "1.12.1-rc.1", "1.12.1-rc.2"];
  const cases = [
    ["the last prerelease for a prerelease", "1.12.1-rc.3", "1.12.1-rc.2"],
    ["the last release for a release", "1.12.1", "1.12.0"],
    ["the release below a version that is out", "1.12.1-rc.2", "1.12.1-rc.1"],
    ["nothing for the first", "1.12.0", undefined],
  ] as const;
  for (const [what, version, expected] of cases) test(what, () => expect(previousVersion(version, released)).toBe(expected));
});
