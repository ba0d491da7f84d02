import type { LockedSource } from "../config/lock.ts";
import type { Source } from "../config/source.ts";
import { BuildError, type FilePlace } from "../errors.ts";
import { baseId, describeBase, type Base } from "../plan/base.ts";
import { missingPicksOf, listPicks, picksOf, shortId } from "../plan/picks.ts";
import { tryGit } from "../sys/git.ts";
import type { Patched } from "./apply.ts";
import { lockDifferences, tryBase } from "./lock.ts";
import { fetchBase, probeBase, type Fetched, type MirrorOptions } from "./mirror.ts";
import { count } from "../sys/text.ts";

/**
 * The result of one check. `skipped` means that something it needs was unavailable, so nothing is
 * known.
 */
export interface Finding {
  readonly source: string;
  readonly check: string;
  readonly outcome: "ok" | "failed" | "skipped";
  readonly detail: string;
  /** The places in files that a failed check is about. */
  readonly at?: readonly FilePlace[];
}

/** The name of the check that project files can be read, and say what can be done. */
export const filesCheck = "files";

export interface CheckOptions extends MirrorOptions {
  readonly bases: readonly Base[];
  readonly locked: LockedSource | undefined;
}

/** Checks that the lock of a source matches its series. */
export function checkLock(source: Source, locked: LockedSource | undefined): Finding {
  const differences = lockDifferences(source, locked);
  return differences.length === 0
    ? { source: source.name, check: "lock", outcome: "ok", detail: "the series matches the lock" }
    : { source: source.name, check: "lock", outcome: "failed", detail: differences.join(" ") };
}

/**
 * Checks a source whose files are valid: the picks, the series and its packaging patches apply to
 * each available base and give the locked commits, and the changes listed as merged upstream are in the
 * tree.
 */
export async function checkSource(source: Source, options: CheckOptions): Promise<readonly Finding[]> {
  const finding = (check: string, outcome: Finding["outcome"], detail: string): Finding => ({
    source: source.name,
    check,
    outcome,
    detail,
  });
  const findings = [finding("series", "ok", `${count(source.patches.length, "patch")}, revision ${source.revision}`)];
  for (const base of options.bases) {
    const check = `applies to ${describeBase(base)}`;
    const reason = await whyUnavailable(base, options);
    if (reason !== undefined) {
      findings.push(finding(check, "skipped", reason));
      continue;
    }
    const lacks = missingPicksOf(base);
    if (lacks.length > 0)
      findings.push(
        finding(`picks on ${describeBase(base)}`, "skipped", `it has no history, so it is built without ${listPicks(lacks)}`),
      );
    const fetched = await fetchOrSay(base, options);
    if (typeof fetched === "string") {
      findings.push(finding(check, "failed", fetched));
      continue;
    }
    findings.push(await checkApplies(source, base, options, finding, check));
    for (const merged of source.merged) findings.push(await checkMerged(merged, base, fetched, options, finding));
  }
  return findings;
}

/** Fetches a base, or returns why it cannot be fetched although it can be reached: a commit is missing there. */
async function fetchOrSay(base: Base, options: MirrorOptions): Promise<Fetched | string> {
  return fetchBase(base, options).catch((error: unknown) => {
    if (error instanceof BuildError && error.code === "network") return error.message;
    throw error;
  });
}

type MakeFinding = (check: string, outcome: Finding["outcome"], detail: string) => Finding;

/** Why a base is unavailable; undefined when it is available. */
export async function whyUnavailable(base: Base, options: MirrorOptions): Promise<string | undefined> {
  try {
    await probeBase(base, { ...options, refreshApt: false });
    return undefined;
  } catch (error) {
    if (error instanceof BuildError && error.code === "network") return error.message;
    throw error;
  }
}

async function checkApplies(
  source: Source,
  base: Base,
  options: CheckOptions,
  finding: MakeFinding,
  check: string,
): Promise<Finding> {
  try {
    const patched = await tryBase(source, base, options);
    const locked = options.locked?.bases[baseId(base)];
    const commits = describeCommits(patched);
    const taken = picksOf(base).length === 0 ? "" : `, with ${listPicks(picksOf(base))}`;
    if (options.locked === undefined) return finding(check, "ok", `${commits}${taken}`);
    if (locked !== undefined && describeCommits(locked) === commits) return finding(check, "ok", `${commits}, as locked${taken}`);
    const expected = locked === undefined ? "none for this base" : describeCommits(locked);
    const first = patched.picks.find(({ tree }, index) => locked?.picks !== undefined && locked.picks[index]?.tree !== tree);
    const since = first === undefined ? "" : `; the trees differ from pick \`${shortId(first)}\` on`;
    return finding(check, "failed", `${commits}, but the lock has ${expected}${since}`);
  } catch (error) {
    if (error instanceof BuildError && (error.code === "patch" || error.code === "project"))
      return { ...finding(error.code === "patch" ? check : filesCheck, "failed", error.message), at: error.at };
    throw error;
  }
}

function describeCommits({ commit, packaged }: Pick<Patched, "commit" | "packaged">): string {
  return packaged === undefined ? `commit ${commit}` : `commit ${commit}, with packaging ${packaged.commit}`;
}

/**
 * Checks a change listed as merged upstream: its effect is in the tree, and its commit is an
 * ancestor of the base, if the base has history.
 */
async function checkMerged(
  merged: Source["merged"][number],
  base: Base,
  fetched: Fetched,
  { host }: CheckOptions,
  finding: MakeFinding,
): Promise<Finding> {
  const check = `${merged.seed} is merged upstream since ${merged.since}`;
  const options = { host, bare: fetched.repository };
  if (base.kind === "git") {
    const ancestor = await tryGit(["merge-base", "--is-ancestor", merged.commit, fetched.commit], options);
    if (ancestor.exitCode !== 0)
      return finding(check, "failed", `commit ${merged.commit} is not an ancestor of ${fetched.commit}`);
  }
  const effect = await tryGit(
    ["grep", "--quiet", "--fixed-strings", "-e", merged.effect.text, fetched.commit, "--", merged.effect.file],
    options,
  );
  const where = `\`${merged.effect.text}\` in ${merged.effect.file}`;
  if (effect.exitCode !== 0) return finding(check, "failed", `missing: ${where}`);
  return finding(check, "ok", base.kind === "git" ? `ancestor of the pin, and ${where}` : where);
}
