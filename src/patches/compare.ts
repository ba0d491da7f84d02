import { join } from "node:path";
import type { Patch } from "../config/patch.ts";
import type { Source } from "../config/source.ts";
import { git } from "../sys/git.ts";
import { runTask } from "../sys/run-task.ts";
import { withScratch } from "../sys/with-scratch.ts";
import { checkoutPatched, describeWork } from "./apply.ts";
import type { Fetched, MirrorOptions } from "./mirror.ts";

/** How the series of a source changed between two states. */
export interface SeriesChanges {
  readonly added: readonly Patch[];
  readonly dropped: readonly Patch[];
  /** `diff` is a diff of diffs by git-range-diff(1); undefined when the trees are unavailable. */
  readonly changed: readonly { readonly patch: Patch; readonly diff: string | undefined }[];
  readonly unchanged: number;
}

/** Compares two states of a source by the names and digests of their patch files. */
export function compareFiles(before: readonly Patch[], after: readonly Patch[]): SeriesChanges {
  const old = new Map(before.map((patch) => [patch.name, patch.sha256]));
  const names = new Set(after.map((patch) => patch.name));
  const changed = after.filter((patch) => old.has(patch.name) && old.get(patch.name) !== patch.sha256);
  const added = after.filter((patch) => !old.has(patch.name));
  return {
    added,
    dropped: before.filter((patch) => !names.has(patch.name)),
    changed: changed.map((patch) => ({ patch, diff: undefined })),
    unchanged: after.length - added.length - changed.length,
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
    const changed = changes.changed.map(async (change) => {
      if (change.diff !== undefined) return change;
      const pair = [olds[from.findIndex((patch) => patch.name === change.patch.name)], nows[to.indexOf(change.patch)]];
      // Pairs the two commits however little they have in common.
      const single = ["range-diff", "--no-color", "--creation-factor=1000", ...pair.map((commit) => `${commit}^..${commit}`)];
      return { ...change, diff: readRangeDiff(await git(single, options))[0]?.diff };
    });
    return { ...changes, changed: await Promise.all(changed) };
  });
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
  const added: Patch[] = [];
  const changed: { patch: Patch; diff: string | undefined }[] = [];
  const found = new Set<Patch>();
  for (const [position, patch] of after.entries()) {
    const pair = pairs.find((candidate) => candidate.after === position);
    const partner = before[pair?.before ?? -1];
    const renamed = partner !== undefined && named(after, partner.name) === undefined ? partner : undefined;
    const old = named(before, patch.name) ?? renamed;
    if (old === undefined) {
      added.push(patch);
      continue;
    }
    found.add(old);
    const paired = old === partner ? pair : undefined;
    if (old.sha256 !== patch.sha256 && paired?.same !== true) changed.push({ patch, diff: paired?.diff });
  }
  const dropped = before.filter((patch) => !found.has(patch));
  return { added, dropped, changed, unchanged: after.length - added.length - changed.length };
}
