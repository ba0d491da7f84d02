import type { Change } from "../../sys/git-pick.ts";
import type { TreeFile } from "../../sys/git-merge.ts";
import { mergeFile, type FileConflict, type Workshop } from "./merge-file.ts";

/**
 * A patch that conflicts by itself. `files` are those in which it conflicts, as they are in the new
 * base while nobody has resolved it: with upstream's lines there. Later patches change them.
 */
export interface Root {
  readonly name: string;
  readonly files: Map<string, TreeFile | undefined>;
}

/** A conflict in a file, whose path has a character for each byte. `follows` is the root that is its only reason. */
export interface Conflict extends FileConflict {
  readonly path: string;
  readonly follows?: string;
}

/**
 * Finds where a patch conflicts only while roots are not resolved, and takes the rest of it into
 * their files, as if its own conflicts were resolved. `own` are its own conflicts. `moved` has the new names of files that upstream renamed.
 */
export async function findFollowed(
  changes: readonly Change[],
  own: readonly Conflict[],
  roots: readonly Root[],
  moved: ReadonlyMap<string, string>,
  workshop: Workshop,
): Promise<readonly Conflict[]> {
  const found: Conflict[] = [];
  for (const { name, files } of roots)
    for (const change of changes) {
      const path = moved.get(change.path) ?? change.path;
      if (!files.has(path)) continue;
      const { before } = change;
      const after = change.mode === "000000" ? undefined : { mode: change.mode, blob: change.blob };
      const { conflicts, choose } = await mergeFile({ before, tree: files.get(path), after }, workshop);
      const isOwn = (conflict: FileConflict) => own.some((other) => isSame({ path, ...conflict }, other));
      files.set(path, await choose(isOwn));
      for (const conflict of conflicts) {
        const one = { path, ...conflict, follows: name };
        if (!isOwn(conflict) && !found.some((other) => isSame(one, other))) found.push(one);
      }
    }
  return found;
}

/** So few letters, as of a brace, are in many lines. */
const fewLetters = 8;

/** True for two conflicts of the same lines of a patch: other lines of the file may have moved meanwhile. */
function isSame(one: Conflict, other: Conflict): boolean {
  if (one.path !== other.path) return false;
  const [lines, others] = [one.after, other.after];
  if (lines === undefined || others === undefined) return true;
  const shorter = lines.length < others.length ? lines : others;
  return lines === others || (shorter.trim().length > fewLetters && (lines.includes(others) || others.includes(lines)));
}
