import { describe, expect, test } from "vitest";
import { knownRoots } from "../../../src/root/known.ts";
import { parseMirrors, sourcesOf, type Mirrors } from "../../../src/root/mirrors.ts";

const trixie = knownRoots.find(({ name }) => name === "debian:13") ?? expect.fail();

describe("mirrors", () => {
  test.each([
    [[], {}],
    [["http://m/debian//"], { main: "http://m/debian" }],
    [["security=https://m:8080/s", "http://a/", "main=http://b"], { main: "http://b", security: "https://m:8080/s" }],
    [[" http://m/d  security=http://m/s "], { main: "http://m/d", security: "http://m/s" }],
  ])("%j are read", (values, mirrors) => {
    expect(parseMirrors(values)).toEqual(mirrors);
  });

  test.each([
    "ftp://m/debian",
    "m/debian",
    "/srv/debian",
    "http://user:word@m/debian",
    'http://m/de"bian',
    "other=http://m",
    "http://m]",
  ])("`%s` is refused", (value) => {
    expect(() => parseMirrors([value])).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("take the place of the distribution's own archives, and what they have is signed by its keys", () => {
    const signed = "[arch=arm64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]";
    expect(sourcesOf(trixie, ["arm64"], { main: "http://m/debian" })).toEqual([
      `deb ${signed} http://m/debian trixie main`,
      `deb ${signed} http://m/debian trixie-updates main`,
      `deb ${signed} http://deb.debian.org/debian-security trixie-security main`,
    ]);
    expect(sourcesOf(trixie, ["amd64", "arm64"], {})[0]).toContain("deb [arch=amd64,arm64 signed-by=");
    expect(sourcesOf(trixie, ["arm64"], { security: "http://m/s" }).at(-1)).toBe(`deb ${signed} http://m/s trixie-security main`);
  });

  test.each([
    ["amd64", "http://archive.ubuntu.com/ubuntu", "http://security.ubuntu.com/ubuntu"],
    ["arm64", "http://ports.ubuntu.com/ubuntu-ports", "http://ports.ubuntu.com/ubuntu-ports"],
  ])("of Ubuntu for %s are %s and %s, with its community's packages", (arch, main, security) => {
    for (const [release, codename] of Object.entries({ "22.04": "jammy", "24.04": "noble", "26.04": "resolute" })) {
      const known = knownRoots.find(({ name }) => name === `ubuntu:${release}`) ?? expect.fail();
      const signed = `[arch=${arch} signed-by=/usr/share/keyrings/ubuntu-archive-keyring.gpg]`;
      expect(sourcesOf(known, [arch], {})).toEqual([
        `deb ${signed} ${main} ${codename} main universe`,
        `deb ${signed} ${main} ${codename}-updates main universe`,
        `deb ${signed} ${security} ${codename}-security main universe`,
      ]);
      expect(sourcesOf(known, [arch], { main: "http://m/u" })[0]).toContain(" http://m/u ");
    }
  });

  test("of two architectures that Ubuntu has in different archives are both, unless a mirror has both", () => {
    const noble = knownRoots.find(({ name }) => name === "ubuntu:24.04") ?? expect.fail();
    const lines = (mirrors: Mirrors) =>
      sourcesOf(noble, ["amd64", "arm64"], mirrors).map((line) => line.replace(/ signed-by=[^\]]+|^deb | main universe$/g, ""));
    expect(lines({ security: "http://m/s" })).toEqual([
      "[arch=amd64] http://archive.ubuntu.com/ubuntu noble",
      "[arch=amd64] http://archive.ubuntu.com/ubuntu noble-updates",
      "[arch=arm64] http://ports.ubuntu.com/ubuntu-ports noble",
      "[arch=arm64] http://ports.ubuntu.com/ubuntu-ports noble-updates",
      "[arch=amd64,arm64] http://m/s noble-security",
    ]);
  });
});
