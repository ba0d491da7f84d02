import { constants } from "node:fs";
import { mkdir, open, readdir, rename } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { errorCode, ownPlatform } from "./processes.ts";

/** Brings the content of a file to the disk (fsync(2)), such as one that another program wrote. */
export async function syncFile(path: string): Promise<void> {
  // Windows flushes only what is open for writing.
  await sync(path, ownPlatform === "win32" ? constants.O_RDWR : constants.O_RDONLY);
}

/**
 * Brings the names in a folder to the disk: which files it has, and what was renamed or removed.
 * Does nothing on file systems that cannot.
 */
export async function syncFolder(path: string): Promise<void> {
  if (ownPlatform === "win32") return;
  await sync(path, constants.O_RDONLY | constants.O_DIRECTORY).catch((error: unknown) => {
    // EACCES: a folder that may be written and not read.
    if (!["EINVAL", "ENOTSUP", "EACCES"].includes(errorCode(error) ?? "")) throw error;
  });
}

async function sync(path: string, flags: number): Promise<void> {
  const file = await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** How many files are synced at once: the disk writes them together. */
const atOnce = 16;

/** Brings a folder to the disk with all files and folders in it. */
export async function syncTree(folder: string): Promise<void> {
  const found = await readdir(folder, { withFileTypes: true });
  const files = found.filter((one) => one.isFile()).map((one) => join(folder, one.name));
  for (let start = 0; start < files.length; start += atOnce) await Promise.all(files.slice(start, start + atOnce).map(syncFile));
  for (const one of found) if (one.isDirectory()) await syncTree(join(folder, one.name));
  await syncFolder(folder);
}

/** Renames what is on the disk already, so that after a loss of power it has one name or the other. */
export async function renameSynced(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Makes a folder and those above it, and brings their names to the disk. */
export async function makeFolders(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let made = resolve(path); ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === resolve(first) || made === dirname(made)) return;
  }
}
