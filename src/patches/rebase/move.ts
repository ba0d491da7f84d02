import type { Source } from "../../config/source.ts";
import { startTrial } from "../../sys/git-am.ts";
import { applyChange, mergeChange, setFiles, type Unmerged } from "../../sys/git-merge.ts";
import { changesOf, copyCommit, readCommit } from "../../sys/git-pick.ts";
import { showBytes } from "../../sys/git-patch.ts";
import { git, gitBytes, type GitOptions } from "../../sys/git.ts";
import { mergeFile, type MergedFile, type Workshop } from "./merge-file.ts";
import type { OldPatch } from "./old-tree.ts";
import { findFollowed, type Root } from "./roots.ts";
import type { Hunk, PatchRow, PatchStatus } from "./rows.ts";
import { findUpstream, type Upstream } from "./upstream.ts";

/**
 * Moves patches onto HEAD of a work tree, one commit each, as if each conflict were resolved to the
 * lines of the patch, so that later patches conflict only where upstream changed their own lines.
 * Returns what becomes of each.
 */
export async function movePatches(
  patches: readonly OldPatch[],
  source: Source,
  upstream: Upstream,
  workshop: Workshop,
): Promise<readonly PatchRow[]> {
  const { git: options } = workshop;
  const moved = await findRenames(source.commit, upstream.onto, options);
  const roots: Root[] = [];
  const rows: PatchRow[] = [];
  for (const [index, { patch, commit, after }] of patches.entries()) {
    options.host.task.say(`patch ${index + 1} of ${patches.length}`);
    const { name, subject, seed } = patch;
    const row = { name, subject, seed, ...(after === undefined ? {} : { after: after.name }) };
    const before = await git(["rev-parse", "HEAD", "HEAD^{tree}"], options);
    const [head = "", tree = ""] = before.split("\n");
    const { unmerged } = await mergeChange(commit, options);
    const merged = unmerged.length === 0 ? await git(["write-tree"], options) : undefined;
    const isThere = merged === tree;
    const there =
      isThere || merged === undefined ? await findUpstream({ patch, commit, isThere }, upstream, workshop) : undefined;
    if (isThere || there !== undefined) {
      await git(["reset", "--quiet", "--hard"], options);
      rows.push({ ...row, status: "upstream", ...(there === undefined ? {} : { commit: there }), hunks: [] });
      continue;
    }
    const strict = merged === undefined ? await applyChange(commit, head, options) : undefined;
    const files = strict === undefined ? await mergeUnmerged(unmerged, workshop) : [];
    const made = merged ?? strict ?? (await takeFiles(files, options));
    const isSame = strict !== undefined || (files.length === 0 && (await appliesAs(patch.path, made, head, workshop)));
    const copy = await copyCommit(await readCommit(commit, options), made, head, options);
    await git(["reset", "--quiet", "--hard", copy], options);
    const changes = await changesOf(commit, `${commit}^`, options);
    const own = files.flatMap(({ path, conflicts }) => conflicts.map((one) => ({ path, ...one })));
    const followed = await findFollowed(changes, own, roots, moved, workshop);
    if (own.length > 0) roots.push({ name, files: new Map(files.map(({ path, left }) => [path, left])) });
    const hunks = [...own, ...followed].map(({ path, after: _, ...hunk }): Hunk => ({ file: showBytes(path), ...hunk }));
    const follows = [...new Set(followed.flatMap((hunk) => hunk.follows ?? []))];
    const moves = after !== undefined ? "order" : isSame ? "unchanged" : "merges";
    const status: PatchStatus = own.length > 0 ? "conflicts" : follows.length > 0 ? "follows" : moves;
    const near = strict === undefined ? {} : { near: true };
    rows.push({ ...row, status, ...near, ...(follows.length === 0 ? {} : { follows }), hunks });
  }
  return rows;
}

async function mergeUnmerged(
  unmerged: readonly Unmerged[],
  workshop: Workshop,
): Promise<readonly (MergedFile & { readonly path: string })[]> {
  const files = [];
  for (const { path, stages } of unmerged) {
    const merged = await mergeFile({ before: stages[1], tree: stages[2], after: stages[3] }, workshop);
    // git sees more than the three contents, such as two files that were renamed to one.
    const conflicts = merged.conflicts.length > 0 ? merged.conflicts : [{ cause: "changed" as const }];
    files.push({ path, ...merged, conflicts });
  }
  return files;
}

/** Ends the conflicts of the index with the patch's side, and returns the tree. */
async function takeFiles(files: readonly (MergedFile & { readonly path: string })[], options: GitOptions): Promise<string> {
  await setFiles(
    files.map(({ path, taken }) => [path, taken] as const),
    options,
  );
  return git(["write-tree"], options);
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
