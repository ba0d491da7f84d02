import { mergeBlobs, writeBlob, type ContentConflict, type Three, type TreeFile } from "../../sys/git-merge.ts";
import type { GitOptions } from "../../sys/git.ts";
import type { HunkCause } from "./rows.ts";

/** A part of a file where the new base and a patch conflict. */
export interface FileConflict extends Partial<ContentConflict> {
  readonly cause: HunkCause;
}

/**
 * A file that was merged. `choose` makes it with the patch's side of some conflicts, and the base's
 * of the others.
 */
export interface MergedFile {
  readonly conflicts: readonly FileConflict[];
  readonly choose: (isTaken: (conflict: FileConflict) => boolean) => Promise<TreeFile | undefined>;
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
  const whole = (cause: HunkCause): MergedFile => {
    const conflict = { cause };
    return { conflicts: [conflict], choose: async (isTaken) => (isTaken(conflict) ? after : tree) };
  };
  const clean = (file: TreeFile | undefined): MergedFile => ({ conflicts: [], choose: async () => file });
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
  const conflicts = merged.conflicts.map((conflict): FileConflict => ({ ...conflict, cause: "changed" }));
  const choose: MergedFile["choose"] = async (isTaken) => {
    const sides = conflicts.map(isTaken);
    return {
      mode,
      blob: await writeBlob(
        merged.choose((index) => sides[index] === true),
        git,
      ),
    };
  };
  return conflicts.length === 0 ? clean(await choose(() => false)) : { conflicts, choose };
}

function isSame(one: TreeFile | undefined, other: TreeFile | undefined): boolean {
  return one?.blob === other?.blob && one?.mode === other?.mode;
}
