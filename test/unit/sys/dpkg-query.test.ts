import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { installedPackages, newestFirst, offeredVersions } from "../../../src/sys/apt.ts";
import { readDebianPackages } from "../../../src/sys/debian-dependencies.ts";
import { queryPackages } from "../../../src/sys/dpkg-query.ts";
import { makeBin } from "../../helpers/bin.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { writeFiles } from "../../helpers/project.ts";

const hasDpkg = (await readFile("/var/lib/dpkg/status", "utf8").catch(() => "")) !== "";
const paragraph =
  "Package: one\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\nMaintainer: m\nDescription: d\n\n";

describe("dpkg's list of packages", () => {
  test.skipIf(!hasDpkg)("that is broken is an error, not a shorter list", async ({ folder }) => {
    const list = "var/lib/dpkg/status";
    await mkdir(join(folder, "var/lib/dpkg"), { recursive: true });
    await writeFiles(folder, { [list]: paragraph });
    expect(await queryPackages(["Package", "Version"], { host, tree: folder })).toEqual([["one", "1"]]);
    await writeFiles(folder, { [list]: `${paragraph}garbage\n` });
    for (const ask of [
      async () => queryPackages(["Package"], { host, tree: folder }),
      async () => readDebianPackages({ host, tree: folder }),
    ])
      await expect(ask()).rejects.toMatchObject({
        code: "machine",
        message: expect.stringMatching(/^dpkg's list of packages cannot be read: parsing file '.*status' near line 7/),
        hint: "kovn-build cache prune --size 0",
      });
  });

  test.skipIf(!hasDpkg)("has versions of those that are installed; others are left out", async () => {
    expect(Object.keys(await installedPackages(["dpkg", "not-a-package"], { host }))).toEqual(["dpkg"]);
  });
});

describe("a program that fails", () => {
  const failing = async () =>
    makeBin(
      Object.fromEntries(["dpkg-query", "apt-cache", "dpkg"].map((name) => [name, "echo 'E: it is broken' >&2; exit 100"])),
    );

  test("is an error when packages are asked for, not a machine without any", async () => {
    await using bin = await failing();
    const broken = { host: { ...host, env: { PATH: `${bin.path}:/usr/bin:/bin` } } };
    await expect(installedPackages(["gcc"], broken)).rejects.toMatchObject({ code: "machine", hint: "dpkg --audit" });
    await expect(readDebianPackages(broken)).rejects.toMatchObject({ code: "machine" });
    await expect(offeredVersions("gcc", broken)).rejects.toMatchObject({
      code: "machine",
      message: "apt's lists cannot be read: E: it is broken",
    });
    await expect(newestFirst(["1", "2"], broken)).rejects.toMatchObject({ code: "build" });
  });
});
