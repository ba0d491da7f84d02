import { mkdir, readFile, readdir, readlink, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { cli, kovnBuild, run } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { makeDist } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";
import { canMount, onMount, onOverlay } from "../helpers/isolate.ts";
import { makeProject } from "../helpers/project.ts";
import { stagingOf } from "../../src/sys/staging.ts";

const deb = "demo_1.2.3-1+kovn1.00000001_amd64.deb";
const nothing = "nothing to do, everything is already published";

describe("publish --to dir repairs", () => {
  const damages: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
    "is missing": (path) => rm(path),
    "is empty": (path) => truncate(path),
    "has other bytes": async (path) => writeFile(path, (await readFile(path)).fill(7, 0, 1)),
  };
  for (const [what, damage] of Object.entries(damages))
    for (const name of [deb, "SHA256SUMS"])
      test(`${name} that ${what}, and nothing else`, async ({ folder }) => {
        const dist = await makeDist(join(folder, "dist"));
        await kovnBuild(folder, ["publish", dist, "--to", "dir=out"]);
        const before = await contentOf(join(folder, "out"));
        await damage(join(folder, "out", name));
        const result = await kovnBuild(folder, ["publish", dist, "--to", "dir=out"]);
        expect(result.exitCode).toBe(0);
        expect(result.stdout).toMatch(
          new RegExp(`^dir=out: 1 (repaired|added)\n  (repaired|added) +${name.replaceAll("+", "[+]")}$`),
        );
        expect(await contentOf(join(folder, "out"))).toEqual(before);
        expect((await kovnBuild(folder, ["publish", dist, "--to", "dir=out"])).stdout).toBe(`dir=out: ${nothing}`);
      });

  test("nothing in a folder of another set with files of the same name, and says what differs", async ({ folder }) => {
    const one = await makeDist(join(folder, "one"));
    const other = await makeDist(join(folder, "other"), { content: "other" });
    await kovnBuild(folder, ["publish", one, "--to", "dir=out"]);
    await rm(join(folder, "out/SHA256SUMS"));
    for (const name of await readdir(join(folder, "out"))) if (name.startsWith("sbom")) await rm(join(folder, "out", name));
    const before = await contentOf(join(folder, "out"));
    const result = await kovnBuild(folder, ["publish", other, "--to", "dir=out"]);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("Folder out is damaged, or holds another set: ");
    expect(result.stderr).toContain(`${deb} is altered`);
    expect(result.stderr).toContain("SHA256SUMS is missing");
    expect(await contentOf(join(folder, "out"))).toEqual(before);
  });
});

describe("publish takes", () => {
  test("an empty folder: the current one, one behind a link, and one that a killed publish began to fill", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    await kovnBuild(folder, ["publish", dist, "--to", "dir=whole"]);
    const whole = await contentOf(join(folder, "whole"));
    for (const name of ["here", "real", "begun", stagingOf(join("begun", "kovn"))]) await mkdir(join(folder, name));
    expect(await kovnBuild(join(folder, "here"), ["publish", dist, "--to", "dir=."])).toMatchObject({ exitCode: 0 });
    expect(await contentOf(join(folder, "here"))).toEqual(whole);
    await symlink("real", join(folder, "link"));
    expect(await kovnBuild(folder, ["publish", dist, "--to", "dir=link"])).toMatchObject({ exitCode: 0 });
    expect(await readlink(join(folder, "link"))).toBe("real");
    expect(await contentOf(join(folder, "real"))).toEqual(whole);
    await writeFile(join(folder, "begun", deb), await readFile(join(folder, "real", deb)));
    expect(await kovnBuild(folder, ["publish", dist, "--to", "dir=begun"])).toMatchObject({ exitCode: 0 });
    expect(await contentOf(join(folder, "begun"))).toEqual(whole);
  });

  test.skipIf(!canMount)("a mount point as a folder (needs root)", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    await mkdir(join(folder, "mount"));
    const args = ["publish", dist, "--to", "dir=mount"];
    const result = await run(folder, [...onMount(join(folder, "mount")), process.execPath, cli, ...args]);
    expect(result).toMatchObject({ exitCode: 0 });
    for (const name of [deb, "SHA256SUMS"]) expect(result.stderr).toContain(`left: ${name}\n`);
    expect(result.stderr).not.toContain(".next");
  });
});

describe("before any destination is touched, publish reports", () => {
  const places: Readonly<Record<string, readonly [to: readonly string[], says: string, exitCode: number]>> = {
    "a link to nothing": [["dir=gone"], "gone cannot be written: ", 1],
    "a file in the path of a folder": [["dir=file/out"], "file/out is not a readable folder.", 1],
    "a file in the path of a bundle": [
      ["tar=file/b.tar"],
      "file/b.tar cannot be written: a part of the path is not a folder.",
      1,
    ],
    "a folder as a bundle": [["tar=new/"], "new/ is not a file.", 1],
    "a bundle that is a different one": [["tar=file"], "file exists and is a different bundle, or a damaged one.", 1],
    "one place named twice": [["dir=x", "dir=./link/../x"], "`dir=x` and `dir=./link/../x` are the same place", 2],
    "one place behind a link": [["dir=real/x", "tar=link/x"], "`dir=real/x` and `tar=link/x` are the same place", 2],
    "one place inside another": [["dir=x", "tar=x/b.tar"], "one is inside the other.", 2],
    "a place inside a folder of artifacts": [["dir=dist/linux/out"], "dist/linux` are the same place, or one is inside", 2],
  };
  for (const [what, [to, says, exitCode]] of Object.entries(places))
    test(what, async ({ folder }) => {
      const dist = await makeDist(join(folder, "dist"));
      await mkdir(join(folder, "real"));
      await symlink("real", join(folder, "link"));
      await symlink("nowhere", join(folder, "gone"));
      await writeFile(join(folder, "file"), "mine\n");
      const before = await contentOf(folder);
      const result = await kovnBuild(folder, ["publish", dist, ...["dir=first", ...to].flatMap((one) => ["--to", one])]);
      expect(result.stderr).toContain(says);
      expect(result.exitCode).toBe(exitCode);
      expect(result.stderr).not.toContain("bug in kovn-build");
      await rm(join(folder, ".kovn"), { recursive: true, force: true });
      expect(await contentOf(folder)).toEqual(before);
    });
});

describe("build replaces the folder for results", () => {
  test("behind a link, which stays", async ({ folder }) => {
    const project = await makeProject(folder);
    await mkdir(join(folder, "elsewhere"));
    await mkdir(join(project, "dist"));
    await symlink("../../elsewhere", join(project, "dist/linux"));
    for (const options of [["--no-cache"], ["--no-cache"]])
      expect(await kovnBuild(project, ["--target", "linux", ...options])).toMatchObject({ exitCode: 0 });
    expect(await readlink(join(project, "dist/linux"))).toBe("../../elsewhere");
    expect(await readFile(join(folder, "elsewhere/greeting.txt"), "utf8")).toBe("hello all worlds\n");
    expect(await readdir(folder)).not.toContainEqual(expect.stringContaining(".elsewhere."));
  });

  test.skipIf(!canMount)("of an image's layer, in a container (needs root)", async ({ folder }) => {
    const project = await makeProject(folder);
    const out = join(folder, "results");
    await makeDist(out);
    const args = ["--target", "linux", "--out", out];
    expect(await run(project, [...onOverlay(out), process.execPath, cli, ...args])).toMatchObject({ exitCode: 0 });
    expect((await readdir(`${out}.after`)).toSorted()).toEqual(["linux"]);
    expect((await readdir(`${out}.after/linux`)).toSorted()).toEqual(["SHA256SUMS", "artifacts.json", "greeting.txt"]);
  });
});
