import { join } from "node:path";
import { git } from "../sys/git.ts";
import type { Host } from "../sys/exec.ts";
import { readText } from "../sys/read-file.ts";
import { shortId } from "../plan/picks.ts";
import type { Test } from "./autotest.ts";
import type { Tree } from "./tree.ts";

/** A test that a pick or the series adds or changes. */
export interface OwnTest {
  readonly test: Test;
  readonly change: "added" | "changed";
  /** The picks and the names of the patches that do, in the order of their application. */
  readonly patches: readonly string[];
}

/**
 * The tests among `tests` that the tree's picks and series add or change: git blame finds the patch
 * of each of their lines.
 */
export async function ownTests(tree: Tree, tests: readonly Test[], host: Host): Promise<readonly OwnTest[]> {
  const options = { host, cwd: tree.src, env: { GIT_DIR: join(tree.dir, "git"), GIT_WORK_TREE: tree.src } };
  const range = `${tree.base}..${tree.commit}`;
  const commits = (await git(["rev-list", "--reverse", range], options)).split("\n");
  const names = [...tree.picks.map((pick) => `pick ${shortId(pick)}`), ...tree.source.patches.map((patch) => patch.name)];
  const patchOf = new Map(names.map((name, index) => [commits[index], name]));
  const changed = (await git(["diff", "--name-only", range], options)).split("\n");
  const own = new Map<Test, OwnTest>();
  for (const path of changed.filter((name) => name.endsWith(".at"))) {
    const blame = parseBlame(await git(["blame", "--incremental", range, "--", path], options), patchOf);
    const lines = (await readText(join(tree.src, path), "a source file")).split("\n");
    const inFile = tests.filter((test) => path.endsWith(`/${test.file}`));
    for (const test of inFile) {
      const { first, end } = extent(test, inFile, lines);
      const named = new Set(Array.from({ length: end - first }, (_, index) => blame.get(first + index)));
      const patches = names.filter((name) => named.has(name));
      const change = blame.has(first) ? "added" : "changed";
      if (patches.length > 0) own.set(test, { test, change, patches });
    }
  }
  return tests.flatMap((test) => own.get(test) ?? []);
}

/**
 * The patch of each line (from 1) that a patch wrote (git-blame(1): `COMMIT LINE-THERE LINE-HERE
 * COUNT`).
 */
function parseBlame(text: string, patchOf: ReadonlyMap<string | undefined, string>): ReadonlyMap<number, string> {
  return new Map(
    text.split("\n").flatMap((row) => {
      const [, commit, first, count] = /^([0-9a-f]{40}) \d+ (\d+) (\d+)$/.exec(row) ?? [];
      const patch = patchOf.get(commit);
      if (patch === undefined) return [];
      return Array.from({ length: Number(count) }, (_, index) => [Number(first) + index, patch] as const);
    }),
  );
}

/**
 * The lines of a test (from 1, `end` excluded): from AT_SETUP, which may be below the macro that
 * autotest names, to AT_CLEANUP. The lines around look alike in all tests, so git may blame a patch
 * for a neighbour's.
 */
function extent(test: Test, inFile: readonly Test[], lines: readonly string[]): { readonly first: number; readonly end: number } {
  const next = Math.min(lines.length + 1, ...inFile.flatMap((other) => (other.line > test.line ? [other.line] : [])));
  const find = (macro: string, from: number) => {
    const index = lines.slice(from - 1, next - 1).findIndex((line) => line.includes(macro));
    return index < 0 ? undefined : from + index;
  };
  const first = find("AT_SETUP", test.line) ?? test.line;
  return { first, end: find("AT_CLEANUP", first) ?? next };
}
