import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Path to content of every file below a folder (links and other things by their kind), to compare before and after. */
export async function contentOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const read = entries.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const content = entry.isFile() ? await readFile(path, "latin1") : entry.isDirectory() ? "folder" : "other";
    return [path.slice(folder.length + 1), content] as const;
  });
  return Object.fromEntries((await Promise.all(read)).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
