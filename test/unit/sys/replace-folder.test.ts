import { chown, mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { isRoot } from "../../../src/sys/processes.ts";
import { recoverFolder, replaceFolder } from "../../../src/sys/replace-folder.ts";
import { stageFolder, stagingOf } from "../../../src/sys/staging.ts";
import { contentOf } from "../../helpers/content.ts";
import { test } from "../../helpers/folder.ts";

/** Makes a folder with one file. */
async function make(path: string, content: string): Promise<void> {
  await mkdir(path);
  await writeFile(join(path, "file"), content);
}

test("a folder is replaced, and nothing else stays", async ({ folder }) => {
  const place = join(folder, "place");
  await make(place, "old");
  const next = await stageFolder(place);
  await writeFile(join(next, "file"), "new");
  await replaceFolder(next, place);
  expect(await contentOf(folder)).toEqual({ place: "folder", "place/file": "new" });
});

test("after a kill between the two renames the old folder comes back", async ({ folder }) => {
  const place = join(folder, "place");
  await make(stagingOf(place, "old"), "old");
  await make(stagingOf(place), "new");
  await recoverFolder(place);
  expect(await contentOf(folder)).toEqual({ place: "folder", "place/file": "old" });
});

test("after a kill behind the second rename the new folder stays", async ({ folder }) => {
  const place = join(folder, "place");
  await make(stagingOf(place, "old"), "old");
  await make(place, "new");
  await recoverFolder(place);
  expect(await contentOf(folder)).toEqual({ place: "folder", "place/file": "new" });
});

test("a folder with the mark of a move is a person's, unless the old one is there", async ({ folder }) => {
  const place = join(folder, "place");
  await make(place, "mine");
  await writeFile(join(place, ".kovn-moved"), "");
  await recoverFolder(place);
  expect(await readdir(place)).toEqual([".kovn-moved", "file"]);
  await make(stagingOf(place, "old"), "old");
  await recoverFolder(place);
  expect(await contentOf(folder)).toEqual({ place: "folder", "place/file": "old" });
});

test("a person's own folder with `.previous` at its end is not touched", async ({ folder }) => {
  const place = join(folder, "place");
  await make(`${place}.previous`, "mine");
  await make(place, "old");
  const next = await stageFolder(place);
  await replaceFolder(next, place);
  await rename(place, join(folder, "gone"));
  await recoverFolder(place);
  expect((await readdir(folder)).toSorted()).toEqual(["gone", "place.previous"]);
});

test.skipIf(!isRoot)("what another user made is not taken for the old folder (needs root)", async ({ folder }) => {
  const planted = stagingOf(join(folder, "place"), "old");
  await make(planted, "evil");
  await chown(planted, 65_534, 65_534);
  await recoverFolder(join(folder, "place"));
  expect(await readdir(folder)).toHaveLength(1);
  expect(await readdir(planted)).toEqual(["file"]);
});
