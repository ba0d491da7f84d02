import { join } from "node:path";
import type { Patch } from "../config/patch.ts";
import type { Source } from "../config/source.ts";
import { git } from "../sys/git.ts";
import { runTask } from "../sys/run-task.ts";
import { withScratch } from "../sys/with-scratch.ts";
import { checkoutPatched, describeWork } from "./apply.ts";
import type { Fetched, MirrorOptions } from "./mirror.ts";
import { movedPatches, type MovedPatch } from "./moved.ts";

/** What is compared of a patch. */
export type ListedPatch = Omit<Patch, "path">;

/** A patch that both states have. */
export interface PatchPair<P extends ListedPatch = Patch> {
  readonly before: P;
  readonly patch: P;
}

/** A patch whose change is another one; `diff` is undefined when it could not be made. */
export interface ChangedPatch<P extends ListedPatch = Patch> extends PatchPair<P> {
  readonly diff: string | undefined;
}

/** How the series of a source changed between two states. */
export interface SeriesChanges<P extends ListedPatch = Patch> {
  readonly added: readonly P[];
  readonly dropped: readonly P[];
  /** `diff` is a diff of diffs by git-range-diff(1); undefined when the trees are unavailable. */
  readonly changed: readonly ChangedPatch<P>[];
  /** Patches whose file has another name; they may have changed as well. */
  readonly renamed: readonly PatchPair<P>[];
  readonly moved: readonly MovedPatch<P>[];
  /** The number of patches that were neither added nor changed. */
  readonly unchanged: number;
}

/** Compares two states of a source by the names and digests of their patch files. */
export function compareFiles<P extends ListedPatch>(before: readonly P[], after: readonly P[]): SeriesChanges<P> {
  const pairs = new Map<P, P>();
  const taken = new Set<P>();
  // A patch with another name has the same file, or else the same subject.
  for (const key of ["name", "sha256", "subject"] as const) {
    const left = before.filter((patch) => !taken.has(patch));
    for (const patch of after) {
      const old =
        pairs.has(patch) || patch[key] === "" ? undefined : left.find((one) => one[key] === patch[key] && !taken.has(one));
      if (old === undefined) continue;
      pairs.set(patch, old);
      taken.add(old);
    }
  }
  return describeChanges(before, after, pairs, (patch, old) => (patch.sha256 === old.sha256 ? undefined : { diff: undefined }));
}

/** Says what changed, from the pairs of patches that both states have. */
function describeChanges<P extends ListedPatch>(
  before: readonly P[],
  after: readonly P[],
  pairs: ReadonlyMap<P, P>,
  changeOf: (patch: P, before: P) => Pick<ChangedPatch, "diff"> | undefined,
): SeriesChanges<P> {
  const kept = new Set(pairs.values());
  const both = after.flatMap((patch) => {
    const old = pairs.get(patch);
    return old === undefined ? [] : [{ before: old, patch }];
  });
  const changed = both.flatMap((pair) => {
    const change = changeOf(pair.patch, pair.before);
    return change === undefined ? [] : [{ ...pair, ...change }];
  });
  return {
    added: after.filter((patch) => !pairs.has(patch)),
    dropped: before.filter((patch) => !kept.has(patch)),
    changed,
    renamed: both.filter((pair) => pair.before.name !== pair.patch.name),
    moved: movedPatches(both, before, after),
    unchanged: both.length - changed.length,
  };
}

/** A state of a source, with the base below its series. */
export interface State {
  readonly source: Source;
  readonly base: Fetched;
}

/**
 * Compares two states of a source by the commits that their series make, with git-range-diff(1). A
 * patch that was only renamed or moved to other lines is unchanged. Throws "patch" when a series
 * does not apply.
 */
export async function compareTrees(before: State, after: State, { host, work }: MirrorOptions): Promise<SeriesChanges> {
  // An empty series has no range of commits.
  const [from, to] = [before.source.patches, after.source.patches];
  if (from.length === 0 || to.length === 0) return compareFiles(from, to);
  return withScratch(work, "compare", host, async (dir) => {
    const apply = async ({ source, base }: State, when: string) =>
      runTask(host, `${source.name}, ${when}: apply ${describeWork(source, base)}`, async (below) =>
        checkoutPatched(source, base, join(dir, when), below),
      );
    const old = await apply(before, "before");
    const now = await apply(after, "after");
    const ranges = [`${old.below}..${old.commit}`, `${now.below}..${now.commit}`] as const;
    const options = {
      host,
      cwd: join(dir, "after"),
      env: { GIT_ALTERNATE_OBJECT_DIRECTORIES: join(dir, "before/.git/objects") },
    };
    const changes = classify(readRangeDiff(await git(["range-diff", "--no-color", ...ranges], options)), from, to);
    const commits = await Promise.all(ranges.map((range) => git(["rev-list", "--reverse", range], options)));
    const [olds = [], nows = []] = commits.map((listed) => listed.split("\n"));
    const compared = changes.changed.map(async (change) => {
      if (change.diff !== undefined) return change;
      const pair = [olds[from.indexOf(change.before)], nows[to.indexOf(change.patch)]];
      // Pairs the two commits however little they have in common.
      const single = ["range-diff", "--no-color", "--creation-factor=1000", ...pair.map((commit) => `${commit}^..${commit}`)];
      return { ...change, diff: readRangeDiff(await git(single, options))[0]?.diff };
    });
    return withoutSame({ ...changes, changed: await Promise.all(compared) });
  });
}

/** Counts patches as unchanged whose diff turned out to be empty. */
export function withoutSame<P extends ListedPatch>(changes: SeriesChanges<P>): SeriesChanges<P> {
  const changed = changes.changed.filter(({ diff }) => diff !== "");
  return { ...changes, changed, unchanged: changes.unchanged + changes.changed.length - changed.length };
}

/**
 * Two patches that git pairs, by their position in each series from 0 (-1 for none), and how they
 * differ.
 */
interface Pair {
  readonly before: number;
  readonly after: number;
  readonly same: boolean;
  readonly diff: string;
}

/**
 * Matches `2:  0123456 ! 3:  89abcde Subject`: the position of a patch in each series (`-` for
 * none), with a sign for how the two compare.
 */
const pairLine = /^ *(\d+|-): +[0-9a-f-]+ ([=!<>]) +(\d+|-): +[0-9a-f-]+ /;

/** Parses the output of `git range-diff`. */
function readRangeDiff(text: string): readonly Pair[] {
  const pairs: { before: number; after: number; same: boolean; lines: string[] }[] = [];
  const position = (shown: string) => (shown === "-" ? -1 : Number(shown) - 1);
  for (const line of text.split("\n")) {
    const [head, before = "-", sign, after = "-"] = pairLine.exec(line) ?? [];
    if (head === undefined) pairs.at(-1)?.lines.push(line.replace(/^ {4}/, ""));
    else pairs.push({ before: position(before), after: position(after), same: sign === "=", lines: [] });
  }
  return pairs.map(({ lines, ...pair }) => ({ ...pair, diff: lines.join("\n").trimEnd() }));
}

/**
 * Pairs patches by name; those whose name is in only one series, as git pairs them. A patch whose
 * file is the same is unchanged, even if the lines around its own changed.
 */
function classify(pairs: readonly Pair[], before: readonly Patch[], after: readonly Patch[]): SeriesChanges {
  const named = (patches: readonly Patch[], name: string) => patches.find((patch) => patch.name === name);
  const found = new Map<Patch, Patch>();
  const byGit = new Map<Patch, Pair>();
  for (const [position, patch] of after.entries()) {
    const pair = pairs.find((candidate) => candidate.after === position);
    const partner = before[pair?.before ?? -1];
    const renamed = partner !== undefined && named(after, partner.name) === undefined ? partner : undefined;
    const old = named(before, patch.name) ?? renamed;
    if (old === undefined) continue;
    found.set(patch, old);
    if (old === partner && pair !== undefined) byGit.set(patch, pair);
  }
  return describeChanges(before, after, found, (patch, old) => {
    const pair = byGit.get(patch);
    return old.sha256 === patch.sha256 || pair?.same === true ? undefined : { diff: pair?.diff };
  });
}
