import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { cloneFile } from "../sys/files.ts";
import { readText } from "../sys/read-file.ts";
import { isFailure, parseLog, testId, type Result } from "./autotest.ts";
import type { Tree } from "./tree.ts";
import { writeWhole } from "../sys/write-whole.ts";

/** The results of a tree's tests, by `testId`; stored as `results.json` in its folder. */
export interface Results {
  /** How each test ended when it ran with others. */
  readonly first: Readonly<Record<string, Result>>;
  /** How each test that was run again, alone, ended each time. */
  readonly alone: Readonly<Record<string, readonly Result[]>>;
}

function fileOf(tree: Tree): string {
  return join(tree.dir, "results.json");
}

/** The stored results of a tree; empty when its tests never ran. */
export async function readResults(tree: Tree): Promise<Results> {
  const text = await readText(fileOf(tree), "a log").catch(() => undefined);
  return text === undefined ? { first: {}, alone: {} } : (JSON.parse(text) as Results);
}

/** Stores the results of a tree, atomically. */
export async function writeResults(tree: Tree, results: Results): Promise<void> {
  await writeWhole(fileOf(tree), `${JSON.stringify(results)}\n`);
}

/**
 * Adds results from the suites' own files for tests that have none. This works for a killed run
 * too, since autotest writes a line when a test ends. The log of each failed test is copied to
 * `failures/`.
 */
export async function adoptResults(tree: Tree): Promise<Results> {
  const known = await readResults(tree);
  const first = { ...known.first };
  for (const program of Object.values(tree.suite.check))
    for (const [number, { result, log }] of await readProgramResults(tree, program)) {
      const id = testId({ program, number });
      if (first[id] !== undefined) continue;
      first[id] = result;
      if (isFailure(result) && log !== undefined) await keepLog(tree, id, log);
    }
  const results = { ...known, first };
  await writeResults(tree, results);
  return results;
}

interface Found {
  readonly result: Result;
  /** The test's own log, if it failed. */
  readonly log: string | undefined;
}

/**
 * The results in a program's files (Autoconf manual, "testsuite Invocation"): `PROGRAM.log` has a
 * line for each test that passed or was skipped, and each that failed leaves `PROGRAM.dir/NUMBER/`.
 */
async function readProgramResults(tree: Tree, program: string): Promise<ReadonlyMap<number, Found>> {
  const path = join(tree.src, program);
  const read = async (file: string) => readText(file, "a log").catch(() => "");
  const found = new Map<number, Found>();
  for (const [number, result] of parseLog(await read(`${path}.log`))) found.set(number, { result, log: undefined });
  for (const folder of await readdir(`${path}.dir`).catch(() => [])) {
    if (!/^\d+$/.test(folder)) continue;
    const log = join(`${path}.dir`, folder, `${basename(program)}.log`);
    const result = parseLog(await read(log)).get(Number(folder));
    if (result !== undefined) found.set(Number(folder), { result, log });
  }
  return found;
}

/** The result of the test that just ran, from its program's files. */
export async function latestResult(tree: Tree, program: string, number: number): Promise<Result | undefined> {
  return (await readProgramResults(tree, program)).get(number)?.result;
}

async function keepLog(tree: Tree, id: string, log: string): Promise<void> {
  const dir = join(tree.dir, "failures");
  await mkdir(dir, { recursive: true });
  const copy = join(dir, `${id.replace(":", "-")}.log`);
  // A killed run may have made it.
  await rm(copy, { force: true });
  await cloneFile(log, copy);
}
