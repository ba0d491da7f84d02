import { isFailure, sameTest, testId, type Result, type Test } from "./autotest.ts";
import type { Results } from "./results.ts";
import { runAlone } from "./run.ts";
import type { Tree, TreeOptions } from "./tree.ts";

/**
 * The verdict on a test that failed.
 * - *flaky*: does not always fail when it runs alone, or fails only sometimes on the unpatched tree
 * - *regression*: always fails, and never on the unpatched tree
 * - *known*: always fails, on the unpatched tree too
 * - *failed*: always fails, and was not run on the unpatched tree
 */
export type Verdict = "regression" | "known" | "flaky" | "failed";

export interface Judged {
  readonly test: Test;
  readonly verdict: Verdict;
  readonly first: Result;
  readonly alone: readonly Result[];
  /** On the unpatched tree, if it was run there. */
  readonly unpatched?: readonly Result[];
}

/** A run of tests of the patched tree. */
export interface SuiteRun {
  readonly tree: Tree;
  readonly all: readonly Test[];
  /** The tests that were selected. */
  readonly chosen: readonly Test[];
  readonly results: Results;
}

/** The unpatched tree and its tests. */
export interface Unpatched {
  readonly tree: Tree;
  readonly tests: readonly Test[];
}

/**
 * Runs each failed test again, alone. One that always fails is also run on the unpatched tree,
 * which is built only then. A test that the unpatched tree does not have is new in the series.
 */
export async function judgeFailures(
  { tree, all, chosen, results }: SuiteRun,
  options: TreeOptions,
  unpatched: (() => Promise<Unpatched>) | undefined,
): Promise<readonly Judged[]> {
  const judged: Judged[] = [];
  let there: Unpatched | undefined;
  for (const test of chosen) {
    const first = results.first[testId(test)];
    if (first === undefined || !isFailure(first)) continue;
    const alone = await runAlone(tree, test, [first], options);
    if (!alone.every(isFailure)) {
      judged.push({ test, verdict: "flaky", first, alone });
    } else if (unpatched === undefined) {
      judged.push({ test, verdict: "failed", first, alone });
    } else {
      there ??= await unpatched();
      const twin = sameTest(test, all, there.tests);
      const runs = twin === undefined ? [] : await runAlone(there.tree, twin, [], options);
      judged.push({ test, verdict: compare(runs), first, alone, unpatched: runs });
    }
  }
  return judged;
}

/** The verdict on a test that always fails, by its results on the unpatched tree. */
function compare(unpatched: readonly Result[]): Verdict {
  if (!unpatched.some(isFailure)) return "regression";
  return unpatched.every(isFailure) ? "known" : "flaky";
}
