import { BuildError } from "../../errors.ts";
import { listOf } from "../../list.ts";
import { copyCommit, readCommit } from "../../sys/git-pick.ts";
import { git, tryGit, type GitOptions } from "../../sys/git.ts";
import { unmergedFiles } from "../rebase/move-one.ts";
import { assertIdle } from "../tree-state.ts";
import { partsOf, type EditState, type EditTree } from "./state.ts";

/** True if the person changed nothing in the work tree. */
export async function isUntouched(state: EditState, tree: EditTree, options: GitOptions): Promise<boolean> {
  const { commit } = partsOf(state, tree);
  const head = await tryGit(["rev-parse", "HEAD"], options);
  const changes = await tryGit(["status", "--porcelain"], options);
  return head.stdout.trim() === commit && changes.exitCode === 0 && changes.stdout === "";
}

/**
 * Takes what the person made of the patch: their commits, and what they did not commit if there is
 * one commit. Returns the last commit. Throws "usage" when that is not clearly complete.
 */
export async function takeEdited(state: EditState, tree: EditTree, dir: string, options: GitOptions): Promise<string> {
  const { parent, earlier } = partsOf(state, tree);
  await assertIdle(dir, options.host);
  const based = await tryGit(["merge-base", "--is-ancestor", parent, "HEAD"], options);
  if (based.exitCode !== 0)
    throw new BuildError("usage", `In ${dir}, commits below patch \`${state.patch}\` changed.`, {
      hint: `git -C ${dir} rebase ${parent}; then edit ${earlier.length > 0 ? "the earlier patches" : "the pin"} on their own`,
    });
  const unmerged = await unmergedFiles(options);
  if (unmerged.length > 0)
    throw new BuildError("usage", `Conflicts are left in ${dir}: ${listOf(unmerged)}.`, {
      hint: `edit them, then git -C ${dir} add FILES`,
    });
  const merges = await git(["rev-list", "--merges", `${parent}..HEAD`], options);
  if (merges !== "")
    throw new BuildError("usage", `Folder ${dir} has merge commits, but a series must be linear.`, {
      hint: `git -C ${dir} rebase ${parent}`,
    });
  const others = await git(["ls-files", "--others", "--exclude-standard"], options);
  if (others !== "")
    throw new BuildError("usage", `These files in ${dir} are in no commit: ${listOf(others.split("\n"))}.`, {
      hint: `git -C ${dir} add FILES, or remove them`,
    });
  const head = await git(["rev-parse", "HEAD"], options);
  const dirty = await git(["status", "--porcelain", "--untracked-files=no"], options);
  if (dirty === "") return head;
  if ((await git(["rev-list", "--count", `${parent}..HEAD`], options)) !== "1")
    throw new BuildError("usage", `Folder ${dir} has uncommitted changes, and not one commit that they belong to:\n${dirty}`, {
      hint: `git -C ${dir} commit --amend -a`,
    });
  await git(["add", "--update"], options);
  const amended = await copyCommit(await readCommit(head, options), await git(["write-tree"], options), parent, options);
  await git(["reset", "--quiet", "--hard", amended], options);
  return amended;
}
