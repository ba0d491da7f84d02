import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The environment variable with the folder that has the fixtures of a run. */
const variable = "KOVN_TEST_FIXTURES";

/** Makes the folder in which all test files of a run keep their fixtures, and removes it after all tests. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "kovn-fixtures-"));
  process.env[variable] = folder;
  return () => rmSync(folder, { recursive: true });
}

/**
 * Fills a folder as `make` does, which makes the same at every call: in a run of tests once for all,
 * which get copies. Returns what `make` returned.
 */
export async function copyFixture<T>(name: string, folder: string, make: (folder: string) => Promise<T>): Promise<T> {
  const all = process.env[variable];
  if (all === undefined) return make(folder);
  const kept = join(all, name);
  if (!existsSync(kept)) {
    const own = await mkdtemp(join(all, "new-"));
    await mkdir(join(own, "folder"));
    await writeFile(join(own, "returned"), JSON.stringify(await make(join(own, "folder"))));
    // Another process of tests may have been first.
    await rename(own, kept).catch(() => rm(own, { recursive: true }));
  }
  await cp(join(kept, "folder"), folder, { recursive: true, verbatimSymlinks: true });
  return JSON.parse(await readFile(join(kept, "returned"), "utf8")) as T;
}
