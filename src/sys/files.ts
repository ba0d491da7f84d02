import { createHash } from "node:crypto";
import { access, chmod, constants, copyFile, lstat, readdir, rm, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { errorCode } from "./processes.ts";
import { assertRegular, readPieces } from "./read-file.ts";

/** The sha256 of a text or of bytes, in hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** Receives a number of bytes as they are done. */
export type OnBytes = (count: number) => void;

/** The sha256 of a regular file of any size, in hexadecimal. */
export async function sha256File(path: string, onBytes?: OnBytes): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of readPieces(path)) {
    hash.update(piece);
    onBytes?.(piece.length);
  }
  return hash.digest("hex");
}

/** True when something exists at the path. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** True when the path is a file, or a link to one. */
export async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/**
 * Paths of everything below a folder except folders, relative to it. Symbolic links are listed, not
 * followed.
 */
export async function listFiles(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found.filter((one) => !one.isDirectory()).map((one) => relative(folder, join(one.parentPath, one.name)));
}

/**
 * Copies a file to a new one, as a reflink where the file system supports it, which takes no time
 * and no space.
 */
export async function cloneFile(from: string, to: string): Promise<void> {
  // Copying a FIFO would wait for ever.
  await assertRegular(from);
  await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
}

/**
 * The bytes that a folder takes on the disk. Symbolic links are not followed, a file with several
 * names counts by its share, and what cannot be read counts nothing.
 */
export async function folderSize(folder: string): Promise<number> {
  const found = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const files = found.filter((one) => !one.isDirectory()).map(async (one) => sizeOnDisk(join(folder, one.name)));
  let total = (await Promise.all(files)).reduce((sum, size) => sum + size, 0);
  // One after the other: a large tree has more folders than memory should hold at once.
  for (const one of found) if (one.isDirectory()) total += await folderSize(join(folder, one.name));
  return total;
}

async function sizeOnDisk(path: string): Promise<number> {
  return lstat(path).then(
    ({ blocks, nlink }) => (blocks * 512) / nlink,
    () => 0,
  );
}

/** Programs of a killed run may write there until they are ended: about two seconds. */
const whole = { recursive: true, force: true, maxRetries: 6, retryDelay: 100 } as const;

/** Removes a folder with everything in it, read-only folders as well; links are not followed. */
export async function removeFolder(folder: string): Promise<void> {
  await rm(folder, whole).catch(async (error: unknown) => {
    if (errorCode(error) !== "EACCES") throw error;
    await makeWritable(folder);
    await rm(folder, whole);
  });
}

async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const one of await readdir(folder, { withFileTypes: true }))
    if (one.isDirectory()) await makeWritable(join(folder, one.name));
}
