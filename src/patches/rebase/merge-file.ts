import { mergeBlobs, writeBlob, type ContentConflict, type Three, type TreeFile } from "../../sys/git-merge.ts";
import type { GitOptions } from "../../sys/git.ts";
import type { HunkCause } from "./rows.ts";

/** A part of a file where the new base and a patch conflict. */
export interface FileConflict extends Partial<ContentConflict> {
  readonly cause: HunkCause;
}

/** A file that was merged, as it is with the base's side of each conflict, and with the patch's. */
export interface MergedFile {
  readonly conflicts: readonly FileConflict[];
  readonly left: TreeFile | undefined;
  readonly taken: TreeFile | undefined;
}

/** Where to run git, and a folder for temporary files. */
export interface Workshop {
  readonly git: GitOptions;
  readonly files: string;
}

/** Merges a file of the new base with a patch's change of it. An absent side has no such file. */
export async function mergeFile(
  { before, tree, after }: Three<TreeFile | undefined>,
  { git, files }: Workshop,
): Promise<MergedFile> {
  const whole = (cause: HunkCause): MergedFile => ({ conflicts: [{ cause }], left: tree, taken: after });
  const clean = (file: TreeFile | undefined): MergedFile => ({ conflicts: [], left: file, taken: file });
  if (isSame(tree, after) || isSame(before, after)) return clean(tree);
  if (isSame(before, tree)) return clean(after);
  if (tree === undefined) return whole("missing");
  if (after === undefined) return whole("deletes");
  if (before === undefined) return whole("exists");
  if (![before, tree, after].every(({ mode }) => mode.startsWith("100"))) return whole("changed");
  const blobs = { before: before.blob, tree: tree.blob, after: after.blob };
  const merged = await mergeBlobs(blobs, files, git);
  if (merged === undefined) return whole("changed");
  const mode = before.mode === after.mode ? tree.mode : after.mode;
  const left = { mode, blob: await writeBlob(merged.left, git) };
  if (merged.conflicts.length === 0) return clean(left);
  return {
    conflicts: merged.conflicts.map((conflict) => ({ ...conflict, cause: "changed" })),
    left,
    taken: { mode, blob: await writeBlob(merged.taken, git) },
  };
}

function isSame(one: TreeFile | undefined, other: TreeFile | undefined): boolean {
  return one?.blob === other?.blob && one?.mode === other?.mode;
}
