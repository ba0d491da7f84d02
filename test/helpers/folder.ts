import { mkdtemp, readdir, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as plain } from "vitest";

/** `test` of vitest with `folder`: a new, empty folder that is removed when the test is over. */
export const test = plain.extend<{ folder: string }>({
  folder: async ({ task: _ }, use) => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "kovn-test-")));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },
});

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
