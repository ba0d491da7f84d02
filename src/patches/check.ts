import type { LockedSource } from "../config/lock.ts";
import type { Source } from "../config/source.ts";
import { BuildError, type FilePlace } from "../errors.ts";
import { baseId, describeBase, type Base } from "../plan/base.ts";
import { tryGit } from "../sys/git.ts";
import { lockDifferences, tryBase } from "./lock.ts";
import { fetchBase, probeBase, type Fetched, type MirrorOptions } from "./mirror.ts";

/** One thing that was looked at. `skipped` means that what it takes was not at hand, never that it is right. */
export interface Finding {
  readonly source: string;
  readonly check: string;
  readonly outcome: "ok" | "failed" | "skipped";
  readonly detail: string;
  /** Files that a failed check is about. */
  readonly at?: readonly FilePlace[];
}

export interface CheckOptions extends MirrorOptions {
  readonly bases: readonly Base[];
  readonly locked: LockedSource | undefined;
}

/**
 * Checks a source whose files were read without complaint: the series applies to each base that can be had and gives the locked commit, the
 * lock is that of the series, and changes said to be merged upstream are in the tree.
 */
export async function checkSource(source: Source, options: CheckOptions): Promise<readonly Finding[]> {
  const finding = (check: string, outcome: Finding["outcome"], detail: string): Finding => ({
    source: source.name,
    check,
    outcome,
    detail,
  });
  const differences = lockDifferences(source, options.locked);
  const findings = [
    finding("series", "ok", `${source.patches.length} patches, revision ${source.revision}`),
    differences.length === 0
      ? finding("lock", "ok", "the series is the locked one")
      : finding("lock", "failed", differences.join(" ")),
  ];
  for (const base of options.bases) {
    const check = `applies to ${describeBase(base)}`;
    const absent = await unreachable(base, options);
    if (absent !== undefined) {
      findings.push(finding(check, "skipped", absent));
      continue;
    }
    findings.push(await applies(source, base, options, finding, check));
    const fetched = await fetchBase(base, options);
    for (const merged of source.merged) findings.push(await isMerged(merged, base, fetched, options, finding));
  }
  return findings;
}

type Make = (check: string, outcome: Finding["outcome"], detail: string) => Finding;

/** Why a base cannot be had, or undefined when it can. */
export async function unreachable(base: Base, options: MirrorOptions): Promise<string | undefined> {
  try {
    await probeBase(base, { ...options, refreshApt: false });
    return undefined;
  } catch (error) {
    if (error instanceof BuildError && error.code === "network") return error.message;
    throw error;
  }
}

async function applies(source: Source, base: Base, options: CheckOptions, finding: Make, check: string): Promise<Finding> {
  try {
    const { commit } = await tryBase(source, base, options);
    const expected = options.locked?.bases[baseId(base)]?.commit;
    if (expected === commit) return finding(check, "ok", `commit ${commit}, as locked`);
    return finding(check, "failed", `commit ${commit}, the lock says ${expected ?? "nothing"}`);
  } catch (error) {
    if (error instanceof BuildError && error.code === "patch")
      return { ...finding(check, "failed", error.message), at: error.at };
    throw error;
  }
}

/** A change that upstream took: its commit is an ancestor of the base, where the base has history, and its effect is in the tree. */
async function isMerged(
  merged: Source["merged"][number],
  base: Base,
  fetched: Fetched,
  { host }: CheckOptions,
  finding: Make,
): Promise<Finding> {
  const check = `${merged.seed} is merged upstream since ${merged.since}`;
  const options = { host, cwd: fetched.repository };
  if (base.kind === "git") {
    const ancestor = await tryGit(["merge-base", "--is-ancestor", merged.commit, fetched.commit], options);
    if (ancestor.exitCode !== 0) return finding(check, "failed", `commit ${merged.commit} is no ancestor of ${fetched.commit}`);
  }
  const effect = await tryGit(
    ["grep", "--quiet", "--fixed-strings", "-e", merged.effect.text, fetched.commit, "--", merged.effect.file],
    options,
  );
  const where = `\`${merged.effect.text}\` in ${merged.effect.file}`;
  if (effect.exitCode !== 0) return finding(check, "failed", `there is no ${where}`);
  return finding(check, "ok", base.kind === "git" ? `ancestor of the pin, and ${where}` : where);
}

/**
 * How far our pin of Open vSwitch is from the one that a source's tree names as its submodule: the pair that OVN was tested with. undefined
 * when the tree names none.
 */
export async function checkPair(
  source: Source,
  own: Fetched,
  other: Source,
  others: Fetched,
  options: MirrorOptions,
): Promise<Finding | undefined> {
  const listed = await tryGit(["ls-tree", own.commit, "--", other.name], { host: options.host, cwd: own.repository });
  const named = /^160000 commit ([0-9a-f]{40})/.exec(listed.stdout)?.[1];
  if (named === undefined) return undefined;
  const check = `pair with ${other.name}`;
  const counted = await tryGit(["rev-list", "--left-right", "--count", `${named}...${others.commit}`], {
    host: options.host,
    cwd: others.repository,
  });
  if (counted.exitCode !== 0)
    return {
      source: source.name,
      check,
      outcome: "skipped",
      detail: `the tree names ${named}, which is not in the history of our pin`,
    };
  const [behind = "0", ahead = "0"] = counted.stdout.trim().split("\t");
  return {
    source: source.name,
    check,
    outcome: "ok",
    detail: `the tree names ${named.slice(0, 12)}; our pin has ${ahead} commits more and lacks ${behind}`,
  };
}
