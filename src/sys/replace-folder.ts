import { constants, cp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "./files.ts";
import { errorCode } from "./processes.ts";
import { removeStale, stagingOf } from "./staging.ts";

/** Where a folder is while another takes its place. */
export function previousOf(folder: string): string {
  return `${folder}.previous`;
}

/**
 * Puts `next`, which is on the same file system, in the place of `folder`: two renames.
 * `recoverFolder` repairs a run that was killed between them.
 */
export async function replaceFolder(next: string, folder: string): Promise<void> {
  const previous = previousOf(folder);
  await rm(previous, { recursive: true, force: true });
  if (await exists(folder)) await moveFolder(folder, previous);
  await rename(next, folder);
  await rm(previous, { recursive: true, force: true });
}

/** In a folder that was copied and is being removed; it goes last. */
const movedMark = ".kovn-moved";

/** Moves a folder. overlayfs, below containers, does not rename folders of its lower layers. */
async function moveFolder(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async (error: unknown) => {
    if (errorCode(error) !== "EXDEV") throw error;
    const copy = stagingOf(to);
    await cp(from, copy, {
      recursive: true,
      mode: constants.COPYFILE_FICLONE,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    });
    await rename(copy, to);
    await writeFile(join(from, movedMark), "");
    await removeMoved(from);
  });
}

async function removeMoved(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name !== movedMark) await rm(join(folder, name), { recursive: true, force: true });
  await rm(folder, { recursive: true });
}

/**
 * Repairs what a killed run left: restores the previous folder unless a new one took its place, and
 * removes unfinished ones.
 */
export async function recoverFolder(folder: string): Promise<void> {
  const previous = previousOf(folder);
  if (await exists(join(folder, movedMark))) await removeMoved(folder);
  if (!(await exists(folder)) && (await exists(previous))) await rename(previous, folder);
  await rm(previous, { recursive: true, force: true });
  await removeStale(folder);
}
