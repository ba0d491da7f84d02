import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { isLineSince } from "../../../src/config/lines.ts";
import { nameOf } from "../../../src/prove/check.ts";
import { checksFor } from "../../../src/prove/registry.ts";
import { glob } from "../../../src/sys/glob.ts";

const systems = ["linux", "windows"] as const;
const lines = ["1.12", "1.17"];

test.each(systems)("on %s there is one check for each entry, then those of patches and picks", (system) => {
  for (const line of lines) {
    const names = checksFor(system, line).map(nameOf);
    expect(names.slice(0, 18)).toEqual(Array.from({ length: 18 }, (_, index) => String(index + 1)));
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(checksFor("linux", "1.12").map(nameOf));
  }
});

test.each(systems)("on %s a check that is since a newer line is not one of an older line", (system) => {
  for (const line of lines) for (const { since = line } of checksFor(system, line)) expect(isLineSince(line, since)).toBe(true);
});

test("a check of a patch is about a patch of a line that belongs to no entry", async () => {
  const patches = await Promise.all(
    checksFor("linux", "1.12").flatMap((check) => ("patch" in check ? [findPatch(check.patch)] : [])),
  );
  for (const patch of patches) expect(patch).toContain("\nSeed: none\n");
});

test("a check of a pick is about a pick of a line", async () => {
  const files = await glob(["patches/*/*/source.yaml"], { cwd: process.cwd(), absolute: true });
  const sources = await Promise.all(files.map(async (file) => readFile(file, "utf8")));
  const picks = checksFor("linux", "1.12").flatMap((check) => ("pick" in check ? [check.pick] : []));
  expect(picks.filter((pick) => !sources.some((source) => source.includes(`commit: ${pick}`)))).toEqual([]);
});

test("docs/proof.md names each patch of a line that has no check", async () => {
  const [, named = ""] = (await readFile("docs/proof.md", "utf8")).split("These patches have no check:");
  const paths = await glob(["patches/*/*/*.patch"], { cwd: process.cwd() });
  const checks = checksFor("linux", "1.17");
  const without = await Promise.all(
    paths.map(async (path) => {
      const [, , source, name] = path.replace(/\.patch$/, "").split("/");
      const has = checks.some((check) => "patch" in check && check.patch === name && (check.source ?? source) === source);
      return has || !(await readFile(path, "utf8")).includes("\nSeed: none\n") ? [] : [`\`${name}\``];
    }),
  );
  expect(without.flat().filter((name) => !named.includes(name))).toEqual([]);
  expect(without.flat()).toContain("`qos-noop-free`");
});

async function findPatch(name: string): Promise<string> {
  const [path] = await glob([`patches/*/*/${name}.patch`], { cwd: process.cwd(), absolute: true });
  return path === undefined ? `there is no patch ${name}` : readFile(path, "utf8");
}
