import { chmod, lchown, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { isRoot } from "../../src/sys/processes.ts";
import { stagingOf } from "../../src/sys/staging.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { makeDist } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";
import { makeProject, writeFiles } from "../helpers/project.ts";

const other = 65_534;

/** Makes a folder where anybody may write. */
async function makeShared(folder: string): Promise<string> {
  const shared = join(folder, "shared");
  await mkdir(shared);
  await chmod(shared, 0o1777);
  return shared;
}

describe.skipIf(!isRoot)("in a folder where anybody may write, what another user made is refused (needs root)", () => {
  const plants: Readonly<Record<string, readonly [to: string, plant: (shared: string) => Promise<void>, planted: string]>> = {
    "an empty folder": ["dir=shared/rel", async (shared) => mkdir(join(shared, "rel")), "rel"],
    "a folder above the place": ["dir=shared/rel/1.0", async (shared) => mkdir(join(shared, "rel")), "rel"],
    "a link to a folder": ["dir=shared/rel", async (shared) => symlink("../mine", join(shared, "rel")), "rel"],
    "a link as a bundle": ["tar=shared/b.tar", async (shared) => symlink("../mine/b.tar", join(shared, "b.tar")), "b.tar"],
    "a folder for an apt repository": ["apt=shared/apt", async (shared) => mkdir(join(shared, "apt")), "apt"],
  };
  for (const [what, [to, plant, planted]] of Object.entries(plants))
    test(what, async ({ folder }) => {
      const dist = await makeDist(join(folder, "dist"));
      await mkdir(join(folder, "mine"));
      const shared = await makeShared(folder);
      await plant(shared);
      await lchown(join(shared, planted), other, other);
      const before = await contentOf(shared);
      const result = await kovnBuild(folder, ["publish", dist, "--to", to]);
      expect(result.exitCode).toBe(1);
      expect(result.stderr).toContain(`shared/${planted} belongs to user ${other}, in a folder where anybody may write.`);
      expect(await contentOf(shared)).toEqual(before);
      expect(await readdir(join(folder, "mine"))).toEqual([]);
    });

  test("a folder for results, before anything runs", async ({ folder }) => {
    const project = await makeProject(folder);
    const shared = await makeShared(folder);
    await mkdir(join(shared, "linux"));
    await lchown(join(shared, "linux"), other, other);
    const result = await kovnBuild(project, ["--target", "linux", "--out", shared]);
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toContain(`shared/linux belongs to user ${other}`);
    expect(result.stderr).not.toContain("demo: started");
  });

  test("but one that has the name of an unfinished one is left alone, and is in nobody's way", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    const shared = await makeShared(folder);
    const plant = stagingOf(join(shared, "rel"));
    await mkdir(plant);
    await lchown(plant, other, other);
    for (const to of ["dir=shared/rel", "tar=shared/b.tar"])
      expect(await kovnBuild(folder, ["publish", dist, "--to", to])).toMatchObject({ exitCode: 0 });
    expect(await readdir(plant)).toEqual([]);
  });
});

describe("--out refuses a folder that no build made, before anything runs", () => {
  const folders: Readonly<Record<string, readonly [files: Readonly<Record<string, string>>, says: string]>> = {
    "a person's own": [{ "out/linux/kernel/precious.c": "years\n" }, "no build made kernel, kernel/precious.c."],
    "an artifacts.json that is not one": [{ "out/linux/artifacts.json": "{}\n" }, "no build made artifacts.json."],
    "a hidden file": [{ "out/linux/.env": "secret\n" }, "no build made .env."],
  };
  for (const [what, [files, says]] of Object.entries(folders))
    test(what, async ({ folder }) => {
      const project = await makeProject(folder, files);
      await mkdir(join(project, "out/linux.previous"));
      await writeFile(join(project, "out/linux.previous/notes.txt"), "mine\n");
      const before = await contentOf(join(project, "out"));
      const result = await kovnBuild(project, ["--target", "linux", "--out", "out"]);
      expect(result.exitCode).toBe(2);
      expect(result.stderr).toContain(says);
      expect(result.stderr).toContain("-> --out DIR for another folder");
      expect(result.stderr).not.toContain("demo: started");
      expect(await contentOf(join(project, "out"))).toEqual(before);
    });

  test("a build's with files, a folder or a link of a person in it", async ({ folder }) => {
    const project = await makeProject(folder);
    const build = ["--target", "linux"];
    expect(await kovnBuild(project, build)).toMatchObject({ exitCode: 0 });
    await writeFiles(project, { "dist/linux/notes/why.txt": "mine\n", "greeting.txt": "" });
    await mkdir(join(project, "dist/linux/empty"));
    await symlink("../../greeting.txt", join(project, "dist/linux/way"));
    const result = await kovnBuild(project, [...build, "--no-cache"]);
    expect(result.exitCode).toBe(2);
    for (const name of ["notes/why.txt", "empty", "way"]) expect(result.stderr).toContain(name);
    expect(Object.keys(await contentOf(join(project, "dist/linux")))).toEqual(
      expect.arrayContaining(["notes/why.txt", "empty", "way", "greeting.txt"]),
    );
  });
});

test("release yank keeps a folder in which a person's folder or link has a name like ours", async ({ folder }) => {
  const dist = await makeDist(join(folder, "dist"));
  expect(await kovnBuild(folder, ["publish", dist, "--to", "dir=out"])).toMatchObject({ exitCode: 0 });
  await writeFiles(folder, { "out/provenance-mine.intoto.json/precious": "mine\n", elsewhere: "" });
  await symlink("../elsewhere", join(folder, "out/sbom-mine.cdx.json"));
  const before = await contentOf(join(folder, "out"));
  const result = await kovnBuild(folder, ["release", "yank", "1.2.3-1+kovn1.00000001", "--to", "dir=out"]);
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toContain("Folder out holds something else: provenance-mine.intoto.json, sbom-mine.cdx.json.");
  expect(await contentOf(join(folder, "out"))).toEqual(before);
});
