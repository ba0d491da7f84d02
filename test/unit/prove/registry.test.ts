import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { nameOf } from "../../../src/prove/check.ts";
import { checksFor } from "../../../src/prove/registry.ts";
import { glob } from "../../../src/sys/glob.ts";

const systems = ["linux", "windows"] as const;

test.each(systems)("on %s there is one check for each entry, then those of patches and picks", (system) => {
  const names = checksFor(system).map(nameOf);
  expect(names.slice(0, 18)).toEqual(Array.from({ length: 18 }, (_, index) => String(index + 1)));
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(checksFor("linux").map(nameOf));
});

test("a check of a patch is about a patch of a line that belongs to no entry", async () => {
  const patches = await Promise.all(checksFor("linux").flatMap((check) => ("patch" in check ? [findPatch(check.patch)] : [])));
  for (const patch of patches) expect(patch).toContain("\nSeed: none\n");
});

test("a check of a pick is about a pick of a line", async () => {
  const files = await glob(["patches/*/*/source.yaml"], { cwd: process.cwd(), absolute: true });
  const sources = await Promise.all(files.map(async (file) => readFile(file, "utf8")));
  const picks = checksFor("linux").flatMap((check) => ("pick" in check ? [check.pick] : []));
  expect(picks.filter((pick) => !sources.some((source) => source.includes(`commit: ${pick}`)))).toEqual([]);
});

async function findPatch(name: string): Promise<string> {
  const [path] = await glob([`patches/*/*/${name}.patch`], { cwd: process.cwd(), absolute: true });
  return path === undefined ? `there is no patch ${name}` : readFile(path, "utf8");
}
