import { dirname, join } from "node:path";
import { testId, type Result, type Test } from "./autotest.ts";
import type { Judged, SuiteRun, Verdict } from "./judge.ts";
import type { OwnTest } from "./own.ts";
import type { Tree } from "./tree.ts";
import { readText } from "../sys/read-file.ts";
import { count } from "../sys/text.ts";

/** The result of upstream's tests on a patched tree, as `patches suite --json` prints it. */
export interface SuiteSummary {
  readonly line: string;
  readonly source: string;
  readonly version: string;
  readonly base: string;
  readonly commit: string;
  /** The tree's folder, with sources, logs and results. */
  readonly folder: string;
  /** How many tests were selected. Their outcomes follow. */
  readonly tests: number;
  readonly passed: number;
  readonly expectedFailures: number;
  readonly skipped: number;
  readonly failures: readonly SummedFailure[];
  /** Why tests were skipped: the line of the test where they stopped. */
  readonly skips: readonly { readonly why: string; readonly tests: readonly string[] }[];
  /** The tests of the series. */
  readonly own: readonly SummedOwn[];
}

interface SummedFailure extends Named {
  readonly verdict: Verdict;
  readonly where: string;
  readonly alone: readonly Result["outcome"][];
  readonly unpatched?: readonly Result["outcome"][];
}

interface SummedOwn extends Named {
  readonly change: OwnTest["change"];
  readonly patches: readonly string[];
  /** The patches' entries of the seed. */
  readonly entries: readonly number[];
  readonly outcome: Result["outcome"] | Verdict;
}

interface Named {
  readonly test: string;
  readonly file: string;
  readonly title: string;
}

/**
 * Summarizes a run and the verdicts on its failures. `entryOf` returns a patch's entry of the seed.
 */
export async function summarize(
  { tree, chosen, results }: SuiteRun,
  judged: readonly Judged[],
  ownOfAll: readonly OwnTest[],
  entryOf: (patch: string) => number | undefined,
): Promise<SuiteSummary> {
  const { source, base, commit, dir } = tree;
  const ended = chosen.flatMap((test) => {
    const result = results.first[testId(test)];
    return result === undefined ? [] : [{ test, result }];
  });
  const own = ownOfAll.filter(({ test }) => chosen.includes(test));
  const counted = (outcome: Result["outcome"]) => ended.filter(({ result }) => result.outcome === outcome).length;
  const outcomeOf = (test: Test) =>
    judged.find((one) => one.test === test)?.verdict ?? ended.find((one) => one.test === test)?.result.outcome ?? "failed";
  return {
    line: source.line,
    source: source.name,
    version: source.version,
    base,
    commit,
    folder: dir,
    tests: chosen.length,
    passed: counted("passed"),
    expectedFailures: counted("expected failure"),
    skipped: counted("skipped"),
    failures: judged.map(({ test, verdict, first, alone, unpatched }) => ({
      ...nameOf(test),
      verdict,
      where: first.where ?? "",
      alone: alone.map(({ outcome }) => outcome),
      ...(unpatched === undefined ? {} : { unpatched: unpatched.map(({ outcome }) => outcome) }),
    })),
    skips: await groupSkips(
      tree,
      ended.filter(({ result }) => result.outcome === "skipped"),
    ),
    own: own.map(({ test, change, patches }) => ({
      ...nameOf(test),
      change,
      patches,
      entries: patches.flatMap((patch) => entryOf(patch) ?? []),
      outcome: outcomeOf(test),
    })),
  };
}

function nameOf(test: Test): Named {
  return { test: testId(test), file: test.file, title: test.title };
}

/** Groups skipped tests by the line where they stopped. */
async function groupSkips(tree: Tree, skipped: readonly { readonly test: Test; readonly result: Result }[]) {
  const groups = new Map<string, string[]>();
  for (const { test, result } of skipped) {
    const [file = "", line = "0"] = (result.where ?? "").split(":");
    const text = await readText(join(tree.src, dirname(test.program), file), "a source file").catch(() => "");
    const why = text.split("\n")[Number(line) - 1]?.trim() || (result.where ?? "");
    groups.set(why, [...(groups.get(why) ?? []), testId(test)]);
  }
  return [...groups].map(([why, tests]) => ({ why, tests }));
}

/** Describes a summary for people. */
export function describeSummary(summary: SuiteSummary): string {
  const { source, version, base, commit, folder, tests, passed, expectedFailures, skipped, failures, skips, own } = summary;
  const sums = [
    `${passed} passed`,
    ...(expectedFailures > 0 ? [`${expectedFailures} failed as expected`] : []),
    `${skipped} skipped`,
  ];
  const verdicts = (["regression", "failed", "known", "flaky"] as const).map((verdict) => {
    const found = failures.filter((failure) => failure.verdict === verdict).length;
    return found === 0 ? [] : [`${found} ${verdict}`];
  });
  const lines = [
    `${source} ${version}: commit ${commit.slice(0, 12)} on ${base.slice(0, 12)}`,
    `${count(tests, "test")}: ${[...sums, ...verdicts.flat()].join(", ")}`,
    ...failures.map(({ test, title, verdict, where, alone, unpatched }) => {
      const there = unpatched === undefined ? "" : `; unpatched: ${unpatched.join(", ") || "not there"}`;
      return `${verdict.padEnd(10)}  ${test}  ${title} (${where}); alone: ${alone.join(", ")}${there}`;
    }),
    ...skips.map(({ why, tests: stopped }) => `skipped     ${stopped.length}  ${why}`),
    ...own.map(
      ({ test, title, change, outcome, entries, patches }) =>
        `${change.padEnd(10)}  ${test}  ${title}: ${outcome} (${entries.length > 0 ? `entry ${entries.join(", ")}` : patches.join(", ")})`,
    ),
  ];
  return `${lines.join("\n")}\nresults are kept in ${folder}; delete that folder to run all tests again\n`;
}
