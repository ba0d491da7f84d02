import { chown, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { findStale, isStagingOf, removeStale, stageFolder, stagingOf } from "../../../src/sys/staging.ts";
import { isRoot } from "../../../src/sys/processes.ts";
import { test } from "../../helpers/folder.ts";

test("a staging path is new each time", ({ folder }) => {
  const path = join(folder, "a");
  const paths = new Set(Array.from({ length: 100 }, () => stagingOf(path)));
  expect(paths.size).toBe(100);
});

test("leftovers beside a path are removed by their names, whatever they are", async ({ folder }) => {
  await writeFile(join(folder, "precious"), "");
  const path = join(folder, "a");
  await writeFile(stagingOf(path), "");
  await symlink("precious", stagingOf(path, "old"));
  await writeFile(join(await stageFolder(path), "content"), "");
  const stay = ["precious", "a", ".a.next", ".a.1234.next", ".a.kovn-0123.next", ".a.kovn-0123456789abcdef.new"];
  for (const name of stay) await writeFile(join(folder, name), "");
  await mkdir(stagingOf(join(folder, "b")));
  await removeStale(path);
  const left = await readdir(folder);
  expect(left.filter((name) => !isStagingOf("b", name)).toSorted()).toEqual(stay.toSorted());
  expect(left).toHaveLength(stay.length + 1);
});

test.skipIf(!isRoot)("what another user left stays", async ({ folder }) => {
  const path = join(folder, "a");
  const planted = await stageFolder(path);
  await chown(planted, 65_534, 65_534);
  await removeStale(path);
  expect(await findStale(path)).toEqual([]);
  expect(await readdir(folder)).toHaveLength(1);
});

test("a folder that does not exist has no leftovers", async ({ folder }) => {
  await removeStale(join(folder, "none/a"));
  expect(await readdir(folder)).toEqual([]);
});
