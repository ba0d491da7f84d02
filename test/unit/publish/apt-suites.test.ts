import { describe, expect, test } from "vitest";
import type { Manifest } from "../../../src/dist/manifest.ts";
import { suitesOf } from "../../../src/publish/apt-suites.ts";

/** A build for a distribution; every other field has a default. */
function aBuild(distribution: string | undefined, build: Partial<Manifest> = {}, name = `demo_${distribution}.deb`) {
  const manifest = {
    ...{ target: "linux", line: "1.0", variant: "default", arch: "amd64" },
    jobs: [{ id: "tools" }, { id: "demo", ...(distribution === undefined ? {} : { distribution }) }],
    artifacts: [
      { file: `debs/${name}`, size: 1, sha256: "a".repeat(64), job: "demo", package: "demo", version: "1", architecture: "all" },
      { file: "notes.txt", size: 1, sha256: "b".repeat(64), job: "demo" },
    ],
    ...build,
  } as unknown as Manifest;
  return { name: "a build", folder: "/dist", shown: "dist", manifest };
}

const pathsOf = (...dists: readonly ReturnType<typeof aBuild>[]) =>
  suitesOf({ dists }).map(({ suite, packages }) => [suite, ...packages.map(({ filename }) => filename)]);

describe("packages go to", () => {
  test.each([
    ["debian 12", "bookworm"],
    ["debian 13", "trixie"],
    ["ubuntu 22.04", "jammy"],
    ["ubuntu 24.04", "noble"],
    ["linuxmint 22", "linuxmint-22"],
    [undefined, "1.0"],
  ])("the suite of their distribution: %s to %s", (distribution, suite) => {
    expect(pathsOf(aBuild(distribution, {}, "demo.deb"))).toEqual([[suite, `pool/${suite}/1.0/demo.deb`]]);
  });

  test("a component of line and variant", () => {
    const builds = [aBuild("debian 12", { variant: "legacy" }), aBuild("debian 12")];
    expect(pathsOf(...builds)).toEqual([
      ["bookworm", "pool/bookworm/1.0/demo_debian 12.deb", "pool/bookworm/1.0_legacy/demo_debian 12.deb"],
    ]);
  });

  test("a component of their own, where a line is named like another one's variant", () => {
    const builds = [aBuild("debian 12", { variant: "legacy" }), aBuild("debian 12", { line: "1.0-legacy" })];
    expect(pathsOf(...builds)).toEqual([
      ["bookworm", "pool/bookworm/1.0-legacy/demo_debian 12.deb", "pool/bookworm/1.0_legacy/demo_debian 12.deb"],
    ]);
  });

  test("every suite that they were built for, also under one name", () => {
    const builds = [aBuild("debian 13", {}, "x.deb"), aBuild("debian 12", {}, "x.deb")];
    expect(pathsOf(...builds)).toEqual([
      ["bookworm", "pool/bookworm/1.0/x.deb"],
      ["trixie", "pool/trixie/1.0/x.deb"],
    ]);
  });

  test("no suite when there are none", () => {
    expect(pathsOf(aBuild("debian 12", { artifacts: [] }), aBuild(undefined, { target: "windows", artifacts: [] }))).toEqual([]);
  });
});
