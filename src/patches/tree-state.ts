import type { Source } from "../config/source.ts";
import { pickContent } from "../plan/picks.ts";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { gitPath } from "../sys/git-path.ts";
import { git, tryGit } from "../sys/git.ts";
import type { TreeNote } from "./tree-note.ts";
import { count } from "../sys/text.ts";

/** The commits of a tree that become the series, oldest first, and the commit below them. */
export interface TreeCommits {
  readonly base: string;
  readonly commits: readonly string[];
}

/**
 * Lists the commits of a tree made by `patches apply` that become the series. Throws "usage" when
 * these are not clearly the work of a person: when git is in the middle of something, files are not
 * committed, or commits are not on the pin, merges, or upstream's.
 */
export async function treeCommits(source: Source, note: TreeNote, tree: string, host: Host): Promise<TreeCommits> {
  const run = (...args: readonly string[]) => git(args, { host, cwd: tree });
  await assertIdle(tree, host);
  const dirty = await run("status", "--porcelain", "--untracked-files=no");
  if (dirty !== "")
    throw new BuildError("usage", `Folder ${tree} has uncommitted changes:\n${dirty}`, {
      hint: `git -C ${tree} commit --amend -a`,
    });
  assertSamePicks(source, note, tree);
  const base = note.pin === source.commit ? note.base : source.commit;
  await assertOnBase(base, note, tree, host);
  const merges = await run("rev-list", "--merges", `${base}..HEAD`);
  if (merges !== "")
    throw new BuildError("usage", `Folder ${tree} has merge commits, but a series must be linear.`, {
      hint: `git -C ${tree} rebase ${base}`,
    });
  const commits = (await run("rev-list", "--reverse", `${base}..HEAD`)).split("\n").filter((id) => id !== "");
  await assertOwn(commits, base, note, tree, host);
  return { base, commits };
}

/** Throws "usage" if the tree lacks picks of source.yaml, or has others, or may have them on the old pin. */
function assertSamePicks({ name, line, commit, picks }: Source, note: TreeNote, tree: string): void {
  const contents = (list: TreeNote["picks"]) => JSON.stringify(list.map((pick) => [pick.commit, pick.without]));
  const isSame = contents(picks.map(pickContent)) === contents(note.picks);
  if (isSame && (note.pin === commit || picks.length === 0)) return;
  const what = isSame ? "the pin, which is below its picks," : "the picks";
  throw new BuildError("usage", `In source.yaml, ${what} changed since ${tree} was made, so its patches are on another tree.`, {
    hint: `kovn-build patches apply ${name} DIR --line ${line}, then bring your commits there: git -C DIR fetch ${tree} HEAD, git -C DIR cherry-pick COMMITS`,
  });
}

/** What git leaves in its folder while it waits for a person, and how to end it. */
const operations: readonly (readonly [path: string, name: string, finish: string])[] = [
  ["rebase-apply/applying", "`git am`", "am --continue"],
  ["rebase-apply", "`git rebase`", "rebase --continue"],
  ["rebase-merge", "`git rebase`", "rebase --continue"],
  ["CHERRY_PICK_HEAD", "`git cherry-pick`", "cherry-pick --continue"],
  ["REVERT_HEAD", "`git revert`", "revert --continue"],
  ["sequencer", "`git cherry-pick` or `git revert`", "cherry-pick --continue"],
  ["MERGE_HEAD", "`git merge`", "merge --abort"],
  ["BISECT_LOG", "`git bisect`", "bisect reset"],
];

/** Throws "usage" when git waits for a person in a tree, or the tree is on no branch. */
export async function assertIdle(tree: string, host: Host): Promise<void> {
  for (const [path, name, finish] of operations) {
    const place = await gitPath(path, { host, cwd: tree });
    if (!(await exists(place))) continue;
    throw new BuildError("usage", `Folder ${tree} is in the middle of ${name}, so its commits are not the whole series.`, {
      hint: `git -C ${tree} ${finish}`,
    });
  }
  const branch = await tryGit(["symbolic-ref", "--quiet", "HEAD"], { host, cwd: tree });
  if (branch.exitCode !== 0)
    throw new BuildError("usage", `Folder ${tree} is on no branch, so its commits may not be the whole series.`, {
      hint: `git -C ${tree} switch kovn`,
    });
}

async function assertOnBase(base: string, note: TreeNote, tree: string, host: Host): Promise<void> {
  const found = await tryGit(["merge-base", "--is-ancestor", base, "HEAD"], { host, cwd: tree });
  if (found.exitCode === 0) return;
  if (base === note.base)
    throw new BuildError("usage", `The branch of ${tree} does not start at ${base}, the base of the series.`, {
      hint: `git -C ${tree} switch kovn`,
    });
  throw new BuildError("usage", `source.yaml pins ${base}, but the commits in ${tree} are on ${note.base}.`, {
    hint: `git -C ${tree} fetch origin ${base} && git -C ${tree} rebase --onto ${base} ${note.base}`,
  });
}

/** Throws "usage" if some of the commits were fetched, as upstream's are, and not made in the tree. */
async function assertOwn(commits: readonly string[], base: string, note: TreeNote, tree: string, host: Host): Promise<void> {
  const fetched = await tryGit(["rev-parse", "--quiet", "--verify", "FETCH_HEAD"], { host, cwd: tree });
  const upstream = [note.base, "--remotes=origin", ...(fetched.exitCode === 0 ? [fetched.stdout.trim()] : [])];
  const own = await git(["rev-list", `${base}..HEAD`, "--not", ...upstream], { host, cwd: tree });
  const others = commits.filter((commit) => !own.includes(commit));
  const last = others.at(-1);
  if (last === undefined) return;
  const subject = await git(["log", "-1", "--format=%h %s", last], { host, cwd: tree });
  throw new BuildError(
    "usage",
    `${count(others.length, "commit")} between the pin and your patches ${others.length === 1 ? "was" : "were"} fetched, not made in ${tree}; the last is \`${subject}\`.`,
    {
      hint: `\`commit: ${last}\` in source.yaml if they are upstream's; git -C ${tree} rebase --no-ff ${base} if they are patches`,
    },
  );
}
