import type { Source } from "../../config/source.ts";
import { startTrial } from "../../sys/git-am.ts";
import { mergeChange } from "../../sys/git-merge.ts";
import { changesOf } from "../../sys/git-pick.ts";
import { git, gitBytes, type GitOptions } from "../../sys/git.ts";
import type { Workshop } from "./merge-file.ts";
import type { OldPatch } from "./old-tree.ts";
import { findFollowed, type Root } from "./roots.ts";
import type { PatchRow, PatchStatus } from "./rows.ts";
import { followedBy, hunksOf, takeMerged } from "./take.ts";
import { findUpstream, type Upstream } from "./upstream.ts";

/**
 * Moves patches onto HEAD of a work tree, one commit each, as if each conflict were resolved: as it
 * was before, else to the lines of the patch. So later patches conflict only where upstream changed
 * their own lines. `picks` are picks that conflict. Returns what becomes of each.
 */
export async function movePatches(
  patches: readonly OldPatch[],
  picks: readonly Root[],
  source: Source,
  upstream: Upstream,
  workshop: Workshop,
): Promise<readonly PatchRow[]> {
  const { git: options } = workshop;
  const moved = await findRenames(source.commit, upstream.onto, options);
  const roots = [...picks];
  const rows: PatchRow[] = [];
  let [head = "", tree = ""] = (await git(["rev-parse", "HEAD", "HEAD^{tree}"], options)).split("\n");
  for (const [index, { patch, commit, after }] of patches.entries()) {
    options.host.task.say(`patch ${index + 1} of ${patches.length}`);
    const { name, subject, seed } = patch;
    const row = { name, subject, seed, ...(after === undefined ? {} : { after: after.name }) };
    const merged = await mergeChange(commit, "ort", options);
    const isMerged = merged.unmerged.length === 0;
    const whole = isMerged ? await git(["write-tree"], options) : undefined;
    const isThere = whole === tree;
    const there = isThere || !isMerged ? await findUpstream({ patch, commit, isThere }, upstream, workshop) : undefined;
    if (isThere || there !== undefined) {
      await git(["reset", "--quiet", "--hard"], options);
      rows.push({ ...row, status: "upstream", ...(there === undefined ? {} : { commit: there }), hunks: [] });
      continue;
    }
    const taken = await takeMerged(commit, head, { ...merged, tree: whole }, workshop);
    const { own, resolved, isNear, left } = taken;
    const isSame = isNear || (isMerged && (await appliesAs(patch.path, taken.tree, head, workshop)));
    [head, tree] = [taken.commit, taken.tree];
    const changes = await changesOf(commit, `${commit}^`, options);
    const followed = await findFollowed(changes, [...own, ...resolved], roots, moved, workshop);
    if (own.length > 0) roots.push({ name, files: left });
    const hunks = hunksOf([...own, ...resolved, ...followed]);
    const follows = followedBy(followed);
    const moves = after !== undefined ? "order" : isSame ? "unchanged" : "merges";
    const clean = follows.length > 0 ? "follows" : resolved.length > 0 ? "resolved" : moves;
    const status: PatchStatus = own.length > 0 ? "conflicts" : clean;
    rows.push({ ...row, status, ...(isNear ? { near: true } : {}), ...(follows.length === 0 ? {} : { follows }), hunks });
  }
  return rows;
}

/** True when the file of a patch applies to a commit as it is, and makes this tree. */
async function appliesAs(path: string, tree: string, commit: string, { git: options }: Workshop): Promise<boolean> {
  const trial = await startTrial(commit, options);
  return (await trial.apply(path)) && (await trial.tree()) === tree;
}

/** The new names of files that upstream renamed between two commits. */
async function findRenames(from: string, to: string, options: GitOptions): Promise<ReadonlyMap<string, string>> {
  const raw = await gitBytes(["diff-tree", "-r", "-z", "-M", "--diff-filter=R", "--name-status", from, to], options);
  const parts = raw.toString("latin1").split("\0");
  const pairs: [string, string][] = [];
  for (let index = 0; index + 2 < parts.length; index += 3) pairs.push([parts[index + 1] ?? "", parts[index + 2] ?? ""]);
  return new Map(pairs);
}
