import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { removeAllStale, removeStale, stagingOf } from "../../../src/sys/staging.ts";
import { test } from "../../helpers/folder.ts";

/** Above the largest process id of Linux. */
const dead = 4_194_305;
const others = [`.a.${dead}.next`, `.a.${dead}.old`, `.b.${dead}.next`, `.a.${process.ppid}.next`, "a", ".a.next"];

test("leftovers of dead processes beside a path are removed, and those with this process's id", async ({ folder }) => {
  for (const name of others) await writeFile(join(folder, name), "");
  await writeFile(stagingOf(join(folder, "a")), "");
  await removeStale(join(folder, "a"));
  expect((await readdir(folder)).toSorted()).toEqual([`.a.${process.ppid}.next`, ".a.next", `.b.${dead}.next`, "a"].toSorted());
});

test("in a whole folder, what this process is staging is kept", async ({ folder }) => {
  for (const name of others) await writeFile(join(folder, name), "");
  await writeFile(stagingOf(join(folder, "a"), "old"), "");
  await removeAllStale(folder);
  const stay = [`.a.${process.pid}.old`, `.a.${process.ppid}.next`, ".a.next", "a"];
  expect((await readdir(folder)).toSorted()).toEqual(stay.toSorted());
});

test("a folder that does not exist has no leftovers", async ({ folder }) => {
  await removeAllStale(join(folder, "none"));
  await removeStale(join(folder, "none/a"));
  expect(await readdir(folder)).toEqual([]);
});
