import { readdir, readFile, readlink } from "node:fs/promises";
import type { Dirent } from "node:fs";
import { join } from "node:path";

/**
 * The content of every file below a folder by path, to compare before and after. For links it is
 * the target, for anything else its kind.
 */
export async function contentOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const read = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(folder.length + 1), await contentOfEntry(entry, path)] as const;
  });
  return Object.fromEntries((await Promise.all(read)).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function contentOfEntry(entry: Dirent, path: string): Promise<string> {
  if (entry.isFile()) return readFile(path, "latin1");
  if (entry.isSymbolicLink()) return `-> ${await readlink(path)}`;
  return entry.isDirectory() ? "folder" : "other";
}
