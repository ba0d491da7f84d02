import { mkdir, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { BuildError, UnusableFile } from "../errors.ts";
import { exists, removeFolder } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { readText } from "../sys/read-file.ts";
import { parseStaged, removeStale, stagingOf } from "../sys/staging.ts";
import { lockBeside, withFreeLock } from "../sys/with-lock.ts";
import { writeWhole } from "../sys/write-whole.ts";
import { listKeys, listResults, readResult, resultsDir, sizeOf } from "./result.ts";

/** The version of the folder's layout and of its results that this tool writes and reads. */
const formatVersion = 1;

/** Most bytes of results in a cache: some twenty builds of Open vSwitch and OVN. */
export const resultsLimit = 5e9;

/** The cache's folder below `.kovn`. */
export function cacheFolder(work: string): string {
  return join(work, "cache");
}

/**
 * Throws "machine" when this tool cannot use the folder: a newer version made it, or its version is
 * unknown.
 */
export async function assertVersion(cache: string): Promise<void> {
  const file = join(cache, "version");
  const text = await readText(file, "a project file").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return `${formatVersion}\n`;
    if (error instanceof UnusableFile) return "";
    throw error;
  });
  if (!/^\d+\n$/.test(text))
    throw new BuildError("machine", `File ${file} does not hold the cache's version.`, { hint: `rm -rf ${cache}` });
  if (Number(text) === formatVersion) return;
  throw new BuildError(
    "machine",
    `Cache ${cache} has version ${Number(text)}; this kovn-build supports version ${formatVersion}.`,
    { hint: `update kovn-build (in its clone: git pull && npm ci), or rm -rf ${cache}` },
  );
}

/**
 * Makes the folder, if it is missing, and marks it so that backups leave it out
 * (https://bford.info/cachedir/).
 */
export async function makeFolder(cache: string): Promise<void> {
  // One by one: on a read-only disk, `recursive` fails with ENOENT.
  for (const dir of [cache, resultsDir(cache)])
    await mkdir(dir).catch((error: unknown) => {
      if (errorCode(error) !== "EEXIST") throw error;
    });
  if (await exists(join(cache, "version"))) return;
  await writeWhole(join(cache, "CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55\n");
  await writeWhole(join(cache, "version"), `${formatVersion}\n`);
}

/** Removes a result atomically: a process that is killed meanwhile leaves no half of it. */
export async function removeResult(cache: string, key: string): Promise<void> {
  const beside = stagingOf(join(resultsDir(cache), key), "old");
  await rename(join(resultsDir(cache), key), beside).catch((error: unknown) => {
    if (errorCode(error) !== "ENOENT") throw error;
  });
  await removeFolder(beside);
}

/** What was removed; `size` is in bytes. */
export interface Trimmed {
  readonly results: number;
  readonly size: number;
}

/**
 * Removes results, the least recently used first, until the rest has at most `limit` bytes. Also
 * removes what killed processes left behind, and results that cannot be read.
 */
export async function trim(cache: string, limit: number): Promise<Trimmed> {
  // Written before the first result: without it, no kovn-build made the folder.
  if (!(await exists(join(cache, "version")))) return { results: 0, size: 0 };
  await removeLeftovers(resultsDir(cache));
  for (const key of await listKeys(cache)) {
    const result = await readResult(cache, key);
    if (result === undefined || result === "damaged") await removeResult(cache, key);
  }
  let total = 0;
  let removed: Trimmed = { results: 0, size: 0 };
  for (const result of await listResults(cache)) {
    const size = sizeOf(result);
    total += size;
    if (total <= limit) continue;
    await removeResult(cache, result.key);
    removed = { results: removed.results + 1, size: removed.size + size };
  }
  return removed;
}

/** Removes what killed processes left, unless another one builds that job again. */
async function removeLeftovers(folder: string): Promise<void> {
  const keys = (await readdir(folder).catch(() => [])).flatMap((file) => parseStaged(file)?.name ?? []);
  for (const place of new Set(keys.map((key) => join(folder, key))))
    await withFreeLock(lockBeside(place), "is removing what a killed run left", async () => removeStale(place));
}
