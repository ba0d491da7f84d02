import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { exists } from "./files.ts";

/** The path itself if it exists, else the nearest folder above it that does. */
export async function nearestExisting(path: string): Promise<string> {
  return (await exists(path)) || path === dirname(path) ? path : nearestExisting(dirname(path));
}

/**
 * Free bytes on the file system of a path, which need not exist; `dir` is the existing path that
 * was measured.
 */
export async function freeSpace(path: string): Promise<{ readonly dir: string; readonly bytes: number }> {
  const dir = await nearestExisting(path);
  const { bavail, bsize } = await statfs(dir);
  return { dir, bytes: bavail * bsize };
}
