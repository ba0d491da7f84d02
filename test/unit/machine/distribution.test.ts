import { describe, expect } from "vitest";
import { readDistribution } from "../../../src/machine/distribution.ts";
import { test } from "../../helpers/folder.ts";
import { writeFiles } from "../../helpers/project.ts";

describe("the distribution", () => {
  test.for([
    ["Debian", 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n', "debian 12"],
    ["another one, in other quotes", "VERSION_ID='24.04'\nID='ubuntu'\nID_LIKE=debian\n", "ubuntu 24.04"],
    ["a rolling one", "ID=debian\nVERSION_CODENAME=sid\n", "debian sid"],
    ["one that has no version", "ID=arch\n", "arch"],
    ["a file that names none", "ID_LIKE=debian\n", undefined],
  ] as const)("of %s", async ([, text, expected], { folder }) => {
    await writeFiles(folder, { "etc/os-release": text });
    expect(readDistribution(folder)).toBe(expected);
  });

  test("is read from /usr/lib where /etc has no file, and unknown without both", async ({ folder }) => {
    expect(readDistribution(folder)).toBeUndefined();
    await writeFiles(folder, { "usr/lib/os-release": "ID=debian\nVERSION_ID=13\n" });
    expect(readDistribution(folder)).toBe("debian 13");
  });
});
