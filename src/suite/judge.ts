import { isFailure, sameTest, testId, type Result, type Test } from "./autotest.ts";
import type { Results } from "./results.ts";
import { runAlone } from "./run.ts";
import type { Tree, TreeOptions } from "./tree.ts";

/**
 * What becomes of a test that failed: *flaky* did not fail when it ran alone, or fails now and then on the unpatched tree; *regression* fails each
 * time and never there; *known* fails each time there too; *failed* fails each time and was not tried there.
 */
export type Verdict = "regression" | "known" | "flaky" | "failed";

export interface Judged {
  readonly test: Test;
  readonly verdict: Verdict;
  readonly first: Result;
  readonly alone: readonly Result[];
  /** On the unpatched tree, if it was tried there. */
  readonly unpatched?: readonly Result[];
}

/** A run of tests of the patched tree. */
export interface SuiteRun {
  readonly tree: Tree;
  readonly all: readonly Test[];
  /** Those that were to run. */
  readonly chosen: readonly Test[];
  readonly results: Results;
}

/** The unpatched tree with its tests. */
export interface Unpatched {
  readonly tree: Tree;
  readonly tests: readonly Test[];
}

/**
 * Runs each test that failed again, alone, and what fails each time on the unpatched tree as well, which is only built when there is such a
 * test; one that is not there is new in the series.
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

/** The verdict on a test that fails each time, by how it ended on the unpatched tree. */
function compare(unpatched: readonly Result[]): Verdict {
  if (!unpatched.some(isFailure)) return "regression";
  return unpatched.every(isFailure) ? "known" : "flaky";
}
