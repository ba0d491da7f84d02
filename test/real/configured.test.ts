import { mkdir, readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { openGenerated } from "../../src/cache/generated.ts";
import { deb } from "../../src/steps/deb.ts";
import { sha256 } from "../../src/sys/files.ts";
import { test } from "../helpers/folder.ts";
import { writeFiles } from "../helpers/project.ts";
import { aStepContext } from "../helpers/step.ts";
import { demoAutotools as base } from "./demo-autotools.ts";

const configure = { reads: ["configure.ac", "Makefile.am", "m4/**", "lib/greet.c", "debian/**"], others: [] };

interface Result {
  readonly log: readonly string[];
  readonly packages: Readonly<Record<string, Buffer>>;
}

/** Builds the packages of a source in a new folder, with the cache if there is one. */
async function build(dir: string, files: Readonly<Record<string, string>>, cache?: string): Promise<Result> {
  const job = join(dir, "demo");
  for (const folder of ["home", "tmp", "out"]) await mkdir(join(job, folder), { recursive: true });
  await writeFiles(join(job, "src"), files);
  const log: string[] = [];
  const context = aStepContext(job, {
    flags: "-O2 -g",
    onLines: async (lines) => void log.push(...lines),
    ...(cache === undefined ? {} : { generated: openGenerated(cache, { job: "demo" }, (message) => void log.push(message)) }),
  });
  await deb.run({ packages: ["demo"], options: [], env: {}, configure }, context);
  await rename(join(job, "out"), join(dir, "out"));
  const names = (await readdir(join(dir, "out"), { recursive: true })).filter((name) => name.endsWith(".deb")).toSorted();
  const packages = await Promise.all(names.map(async (name) => [name, await readFile(join(dir, "out", name))] as const));
  await rm(dir, { recursive: true });
  return { log, packages: Object.fromEntries(packages) };
}

const again = "before: its files are used again";

test("what was configured before makes the same packages as configuring from scratch", async ({ folder }) => {
  const states: readonly (readonly [what: string, files: Readonly<Record<string, string>>, says: string])[] = [
    ["the first build", base, "now"],
    ["a changed .c", { ...base, "demo.c": base["demo.c"].replace("return 0", "greet(); return 0") }, again],
    ["a changed header", { ...base, "include/greet.h": base["include/greet.h"].replace("1", "2") }, again],
    [
      "a changed configure.ac",
      { ...base, "configure.ac": base["configure.ac"].replace("[1.2]", "[1.3]") },
      "now (file demo/src/configure.ac: changed)",
    ],
    ["a patch dropped", base, again],
  ];
  const seen = new Set<string>();
  const fromScratch = new Map<unknown, Result>();
  for (const [index, [what, files, says]] of states.entries()) {
    const [reused, whole] = await Promise.all([
      build(join(folder, `reused${index}`), files, join(folder, "cache")),
      fromScratch.get(files) ?? build(join(folder, `whole${index}`), files),
    ]);
    fromScratch.set(files, whole);
    expect(reused.log.filter((line) => line.startsWith("kovn-build: configured"))).toEqual([`kovn-build: configured ${says}`]);
    expect(whole.log).toContainEqual(expect.stringMatching(/^checking for gcc/));
    expect(Object.keys(reused.packages)).toEqual([
      "debug/demo-dbgsym_1.2-3+kovn1.12345678_amd64.deb",
      "demo_1.2-3+kovn1.12345678_amd64.deb",
    ]);
    for (const [name, bytes] of Object.entries(whole.packages))
      expect(reused.packages[name]?.equals(bytes), `${name}: ${what}`).toBe(true);
    seen.add(sha256(Buffer.concat(Object.values(whole.packages))));
  }
  // The first and the last are one.
  expect(seen.size).toBe(states.length - 1);
});
