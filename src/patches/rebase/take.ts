import { applyChange, setFiles, type MergedChange, type Unmerged } from "../../sys/git-merge.ts";
import { showBytes } from "../../sys/git-patch.ts";
import { copyCommit, readCommit } from "../../sys/git-pick.ts";
import { git, type GitOptions } from "../../sys/git.ts";
import { mergeFile, type MergedFile, type Workshop } from "./merge-file.ts";
import type { Conflict, Root } from "./roots.ts";
import type { Hunk } from "./rows.ts";

/** A change on a new head, with each conflict as it was resolved before, else with the lines of the change. */
interface Taken {
  readonly commit: string;
  readonly tree: string;
  /** The conflicts that nobody has resolved before, and those that somebody has. */
  readonly own: readonly Conflict[];
  readonly resolved: readonly Conflict[];
  /** True if it applies as it is where git cannot merge it. */
  readonly isNear: boolean;
  /** The files of `own`, with the lines of the tree. */
  readonly left: Root["files"];
}

/**
 * Ends the merge of a commit's change into the index and the work tree, commits it, and checks it out.
 * `tree` is what the merge made, where it left no conflict and that is known.
 */
export async function takeMerged(
  commit: string,
  head: string,
  { unmerged, remembered, tree: merged }: MergedChange & { readonly tree?: string | undefined },
  workshop: Workshop,
): Promise<Taken> {
  const { git: options } = workshop;
  const strict = unmerged.length === 0 ? undefined : await applyChange(commit, head, options);
  const files = strict === undefined ? await mergeUnmerged(unmerged, workshop) : [];
  const before = strict === undefined ? await mergeUnmerged(remembered, workshop) : [];
  const tree = strict ?? merged ?? (await takeFiles(files, options));
  const copy = await copyCommit(await readCommit(commit, options), tree, head, options);
  await git(["reset", "--quiet", "--hard", copy], options);
  return {
    commit: copy,
    tree,
    own: files.flatMap(conflictsOf),
    resolved: before.flatMap(conflictsOf).map((one): Conflict => ({ ...one, cause: "resolved" })),
    isNear: strict !== undefined,
    left: new Map(await chooseAll(files, false)),
  };
}

type MergedPath = MergedFile & { readonly path: string };

async function mergeUnmerged(unmerged: readonly Unmerged[], workshop: Workshop): Promise<readonly MergedPath[]> {
  const files = [];
  for (const { path, stages } of unmerged) {
    const merged = await mergeFile({ before: stages[1], tree: stages[2], after: stages[3] }, workshop);
    // git sees more than the three contents, such as two files that were renamed to one.
    const conflicts = merged.conflicts.length > 0 ? merged.conflicts : [{ cause: "changed" as const }];
    files.push({ path, ...merged, conflicts });
  }
  return files;
}

/** Ends the conflicts of the index with the side of the change, and returns the tree. */
async function takeFiles(files: readonly MergedPath[], options: GitOptions): Promise<string> {
  if (files.length > 0) await setFiles(await chooseAll(files, true), options);
  return git(["write-tree"], options);
}

/** Each file with the side of the change in all conflicts, or that of the tree. */
async function chooseAll(files: readonly MergedPath[], isTaken: boolean) {
  return Promise.all(files.map(async ({ path, choose }) => [path, await choose(() => isTaken)] as const));
}

function conflictsOf({ path, conflicts }: MergedPath): readonly Conflict[] {
  return conflicts.map((one) => ({ path, ...one }));
}

/** Conflicts as the picture has them. */
export function hunksOf(conflicts: readonly Conflict[]): readonly Hunk[] {
  return conflicts.map(({ path, after: _, ...hunk }) => ({ file: showBytes(path), ...hunk }));
}

/** The patches that conflicts follow, each once. */
export function followedBy(conflicts: readonly Conflict[]): readonly string[] {
  return [...new Set(conflicts.flatMap(({ follows }) => follows ?? []))];
}
