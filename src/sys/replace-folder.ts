import { constants } from "node:fs";
import { cp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exists, removeFolder } from "./files.ts";
import { errorCode } from "./processes.ts";
import { findStale, removeStale, stagingOf } from "./staging.ts";
import { renameSynced, syncFolder, syncTree } from "./sync.ts";

/**
 * Puts `next`, which is on the same file system, in the place of `folder`, which is removed: two
 * renames, once all of `next` is on the disk. `recoverFolder` repairs a run that was killed between
 * them. Call it with the lock of `folder`.
 */
export async function replaceFolder(next: string, folder: string): Promise<void> {
  await syncTree(next);
  const old = stagingOf(folder, "old");
  if (await exists(folder)) await moveFolder(folder, old);
  await renameSynced(next, folder);
  if (await exists(old)) await removeOld(old, folder);
}

/** Renames it first: half of an old folder must not come back. */
async function removeOld(old: string, folder: string): Promise<void> {
  const gone = stagingOf(folder);
  await renameSynced(old, gone);
  await removeFolder(gone);
}

/** In a folder that was copied and is being removed; it goes last. */
const movedMark = ".kovn-moved";

/** Moves a folder. overlayfs, below containers, does not rename folders of its lower layers. */
async function moveFolder(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async (error: unknown) => {
    if (errorCode(error) !== "EXDEV") throw error;
    const copy = stagingOf(from);
    await cp(from, copy, {
      recursive: true,
      mode: constants.COPYFILE_FICLONE,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    });
    await syncTree(copy);
    await renameSynced(copy, to);
    await writeFile(join(from, movedMark), "", { flag: "wx" });
    await syncFolder(from);
    await removeMoved(from);
  });
}

async function removeMoved(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name !== movedMark) await rm(join(folder, name), { recursive: true, force: true });
  await rm(folder, { recursive: true });
}

/**
 * Repairs what a killed run left: restores the old folder unless a new one took its place, and
 * removes unfinished ones. Call it with the lock of `folder`.
 */
export async function recoverFolder(folder: string): Promise<void> {
  const [old] = await findStale(folder, "old");
  if (old !== undefined) {
    if (await exists(join(folder, movedMark))) await removeMoved(folder);
    if (!(await exists(folder))) await renameSynced(old, folder);
  }
  await removeStale(folder);
}
