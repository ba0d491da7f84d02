import type { Patch } from "../../config/patch.ts";
import type { Project } from "../../config/project.ts";
import type { Source } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { allowedBases, packagingOf, pinOf, type Base, type From } from "../../plan/base.ts";
import type { Host } from "../../sys/exec.ts";
import { commitsBetween } from "../../sys/git-release.ts";
import { whyUnavailable } from "../check.ts";
import { compareFiles, compareTrees, type SeriesChanges, type State } from "../compare.ts";
import { fetchBase, isComplete } from "../mirror.ts";

export interface CompareOptions {
  readonly project: Project;
  readonly host: Host;
  readonly from: From;
  /** True to read only what is on disk, and fetch nothing. */
  readonly offline: boolean;
  /** False to make no trees. */
  readonly trees?: boolean;
}

/** A commit of upstream, for people. */
export interface Commit {
  readonly id: string;
  readonly subject: string;
}

/** How two states of a source differ in their series, and in upstream's commits. */
export interface ComparedSources {
  readonly series: SeriesChanges;
  /** Why changed patches have no diff, as a sentence; undefined if they have one. */
  readonly noTrees: string | undefined;
  /** Upstream's commits that only the new pin has, newest first; undefined when unavailable. */
  readonly commits: readonly Commit[] | undefined;
  /** Those that only the old pin has. */
  readonly lost: readonly Commit[] | undefined;
}

/**
 * Compares two states of a source: their patches by the trees that they make, if these can be made,
 * and upstream's commits between the pins. Fetches only what is needed for that.
 */
export async function compareSources(old: Source, source: Source, options: CompareOptions): Promise<ComparedSources> {
  const [before, after] = [old, source].map((one) => allPatches(one, pinOf(one))) as [readonly Patch[], readonly Patch[]];
  const byFiles = compareFiles(before, after);
  const isSamePin = old.commit === source.commit;
  // Only git finds patches that were renamed and changed.
  const isOther = byFiles.changed.length > 0 || (byFiles.added.length > 0 && byFiles.dropped.length > 0);
  const needsTrees = isOther && options.trees !== false;
  const none = isSamePin ? [] : undefined;
  if (isSamePin && !needsTrees) return { series: byFiles, noTrees: undefined, commits: none, lost: none };
  const pair = await fetchPair(old, source, options);
  if (typeof pair === "string") return { series: byFiles, noTrees: needsTrees ? pair : undefined, commits: none, lost: none };
  const { project, host } = options;
  const between = async (from: string, to: string) =>
    isSamePin || pair.kind !== "git" ? none : commitsBetween(from, to, { host, bare: pair.after.base.repository });
  const commits = await between(old.commit, source.commit);
  const lost = await between(source.commit, old.commit);
  if (!needsTrees) return { series: byFiles, noTrees: undefined, commits, lost };
  try {
    const series = await compareTrees(pair.before, pair.after, { host, work: project.work });
    return { series, noTrees: undefined, commits, lost };
  } catch (error) {
    if (!(error instanceof BuildError) || error.code !== "patch") throw error;
    return { series: byFiles, noTrees: error.message.split("\n")[0] ?? "", commits, lost };
  }
}

/** What packages are made of: the series, and the packaging patches on top of it. */
function allPatches(source: Source, base: Base): Source["patches"] {
  return [...source.patches, ...packagingOf(source, base)];
}

interface Pair {
  readonly kind: Base["kind"];
  readonly before: State;
  readonly after: State;
}

/**
 * Returns both states on bases of one kind: the pins, or else the alternates. Returns why there are
 * none if neither are available.
 */
async function fetchPair(old: Source, source: Source, options: CompareOptions): Promise<Pair | string> {
  let why: string | undefined;
  for (const kind of ["git", "apt"] as const) {
    const before = await fetchState(old, kind, options);
    const after = typeof before === "string" ? before : await fetchState(source, kind, options);
    if (typeof before !== "string" && typeof after !== "string") return { kind, before, after };
    if (typeof after === "string") why ??= after;
  }
  return why ?? "";
}

async function fetchState(
  source: Source,
  kind: Base["kind"],
  { project, host, from, offline }: CompareOptions,
): Promise<State | string> {
  const mirror = { work: project.work, host };
  let why = `Source \`${source.name}\` has no base of this kind.`;
  for (const base of allowedBases(source, from)) {
    if (base.kind !== kind) continue;
    try {
      const absent = offline ? await isAbsent(base, project.work) : await whyUnavailable(base, mirror);
      if (absent === undefined)
        return { source: { ...source, patches: allPatches(source, base) }, base: await fetchBase(base, mirror) };
      why = absent;
    } catch (error) {
      if (!(error instanceof BuildError) || error.code !== "network") throw error;
      why = error.message;
    }
  }
  return why;
}

async function isAbsent(base: Base, work: string): Promise<string | undefined> {
  return (await isComplete(base, work)) ? undefined : "The base is not on this machine.";
}
