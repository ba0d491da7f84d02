import { writeFile } from "node:fs/promises";
import { applyChange, listUnmerged, mergeChange, type Strategy } from "../../sys/git-merge.ts";
import { gitPath } from "../../sys/git-path.ts";
import { copyCommit, readCommit } from "../../sys/git-pick.ts";
import { showBytes } from "../../sys/git-patch.ts";
import { git, type GitOptions } from "../../sys/git.ts";

/** What became of a patch: its commit, nothing, or files that a person must merge. */
type MovedOne =
  | { readonly result: "moved" | "resolved"; readonly commit: string }
  | { readonly result: "empty" }
  | { readonly result: "stopped"; readonly files: readonly string[] };

/**
 * Moves one patch, a commit on the old base, onto `head` in the work tree. git resolves conflicts
 * that it remembers (git-rerere(1)); a patch that applies as it is has none. For other conflicts
 * the work tree is as `git cherry-pick` leaves it.
 */
export async function moveOne(commit: string, head: string, strategy: Strategy, options: GitOptions): Promise<MovedOne> {
  await git(["reset", "--quiet", "--hard", head], options);
  const { unmerged, remembered } = await mergeChange(commit, strategy, options);
  const strict = unmerged.length > 0 ? await applyChange(commit, head, options) : undefined;
  if (unmerged.length > 0 && strict === undefined) {
    await offerToPerson(commit, options);
    return { result: "stopped", files: unmerged.map(({ path }) => showBytes(path)) };
  }
  const made = strict ?? (await git(["write-tree"], options));
  if (made === (await git(["rev-parse", `${head}^{tree}`], options))) return { result: "empty" };
  const copy = await copyCommit(await readCommit(commit, options), made, head, options);
  return { result: remembered.length === 0 || strict !== undefined ? "moved" : "resolved", commit: copy };
}

/** Leaves what git needs to commit the patch with its author, date and message when it is merged. */
async function offerToPerson(commit: string, options: GitOptions): Promise<void> {
  await git(["update-ref", "--no-deref", "CHERRY_PICK_HEAD", commit], options);
  const path = await gitPath("MERGE_MSG", options);
  await writeFile(path, (await readCommit(commit, options)).message);
}

/** The files of the work tree that wait to be merged. */
export async function unmergedFiles(options: GitOptions): Promise<readonly string[]> {
  return (await listUnmerged(options)).map(({ path }) => showBytes(path));
}
