import { describe, expect, test } from "vitest";
import { knownRoots } from "../../../src/root/known.ts";
import { parseMirrors, sourcesOf } from "../../../src/root/mirrors.ts";

const trixie = knownRoots.find(({ name }) => name === "debian:13") ?? expect.fail();

describe("mirrors", () => {
  test.each([
    [[], {}],
    [["http://m/debian/"], { main: "http://m/debian" }],
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
});
