import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { explainDifference } from "../../../src/trial/explain-difference.ts";
import { makeBin } from "../../helpers/bin.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";

/** What is said of two texts in the folder, with this program in the place of diffoscope; with none if it is undefined. */
async function explained(folder: string, program: string | undefined) {
  const [first, second] = [join(folder, "first"), join(folder, "second")];
  for (const path of [first, second]) {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, "a.txt"), `${path}\n`);
  }
  await using bin = await makeBin(program === undefined ? {} : { diffoscope: program });
  const files = { file: "debug/a.deb", first: join(first, "a.txt"), second: join(second, "a.txt") };
  const env = { PATH: program === undefined ? bin.path : `${bin.path}:/usr/bin:/bin` };
  const lines = await explainDifference(files, join(folder, "reports"), { ...host, env });
  return lines;
}

test("the first lines of the report are shown", async ({ folder }) => {
  const lines = await explained(folder, 'shift $(($# - 3)); seq 40 | sed "s/$/: $LC_ALL/" > "$1"; exit 1');
  expect(lines).toHaveLength(13);
  expect(lines?.[0]).toBe("1: C.UTF-8");
  expect(lines?.at(-1)).toBe(`The whole report of diffoscope is ${folder}/reports/debug/a.deb.txt`);
});

test("a program that fails says why", async ({ folder }) => {
  expect(await explained(folder, "echo Traceback >&2; echo no memory >&2; exit 2")).toEqual(["diffoscope failed: no memory"]);
});

test("a machine without the program has no explanation", async ({ folder }) => {
  expect(await explained(folder, undefined)).toBeUndefined();
});
