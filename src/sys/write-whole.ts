import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { stagingOf } from "./staging.ts";
import { makeFolders, renameSynced } from "./sync.ts";

/**
 * Writes a file that is relied upon: a new file beside it is brought to the disk and renamed. Others
 * see the old file or the new one, also after a loss of power. A link at the path is replaced.
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await makeFolders(dirname(path));
  await stage(path, async (temporary) => {
    await writeFile(temporary, content, { flag: "wx", flush: true });
    await renameSynced(temporary, path);
  });
}

/**
 * Writes a file that may be lost with the power, as in a build tree. Others see the old file or the
 * new one.
 */
export async function writeTemporary(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await stage(path, async (temporary) => {
    await writeFile(temporary, content, { flag: "wx" });
    await rename(temporary, path);
  });
}

async function stage(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = stagingOf(path);
  try {
    await write(temporary);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
