import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { exists, writeWhole } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { removeAllStale, stagingOf } from "../sys/staging.ts";
import { entriesDir, listKeys, listResults, readEntry, sizeOf } from "./entry.ts";

/** The version of the folder's layout and of its entries that this tool writes and reads. */
const formatVersion = 1;

/** Bytes of finished jobs that a cache may hold: some twenty builds of Open vSwitch and OVN. */
export const entriesLimit = 5e9;

/** The cache's folder below `.kovn`. */
export function cacheFolder(work: string): string {
  return join(work, "cache");
}

/** Finds out whether this tool may use the folder. Throws "machine" when a newer one made it, or nobody can tell. */
export async function checkVersion(cache: string): Promise<void> {
  const file = join(cache, "version");
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return `${formatVersion}\n`;
    if (errorCode(error) === "EISDIR") return "";
    throw error;
  });
  if (!/^\d+\n$/.test(text))
    throw new BuildError("machine", `File ${file} does not say which version the cache is of.`, { hint: `rm -rf ${cache}` });
  if (Number(text) === formatVersion) return;
  throw new BuildError(
    "machine",
    `Cache ${cache} is of version ${Number(text)}; this kovn-build knows version ${formatVersion}.`,
    {
      hint: `npm install kovn-build@latest, or rm -rf ${cache}`,
    },
  );
}

/** Makes the folder, unless it is there, and marks it as one that backups leave out (https://bford.info/cachedir/). */
export async function makeFolder(cache: string): Promise<void> {
  // One by one: `recursive` says of a read-only disk that the path is not there.
  for (const dir of [cache, entriesDir(cache)])
    await mkdir(dir).catch((error: unknown) => {
      if (errorCode(error) !== "EEXIST") throw error;
    });
  if (await exists(join(cache, "version"))) return;
  await writeWhole(join(cache, "CACHEDIR.TAG"), "Signature: 8a477f597d28d172789f06886806bc55\n");
  await writeWhole(join(cache, "version"), `${formatVersion}\n`);
}

/** Removes an entry at once: what is killed on the way leaves no half one. */
export async function dropEntry(cache: string, key: string): Promise<void> {
  const beside = stagingOf(join(entriesDir(cache), key), "old");
  // A dead process may have had this one's id: in a container it always has.
  await rm(beside, { recursive: true, force: true });
  await rename(join(entriesDir(cache), key), beside).catch((error: unknown) => {
    if (errorCode(error) !== "ENOENT") throw error;
  });
  await rm(beside, { recursive: true, force: true });
}

/** What was removed; `size` is in bytes. */
export interface Trimmed {
  readonly entries: number;
  readonly size: number;
}

/**
 * Removes entries, the longest unused first, until the rest has at most `limit` bytes; and what dead processes left half-made, and what
 * nobody can read.
 */
export async function trim(cache: string, limit: number): Promise<Trimmed> {
  await removeAllStale(entriesDir(cache));
  for (const key of await listKeys(cache)) {
    const entry = await readEntry(cache, key);
    if (entry === undefined || entry === "damaged") await dropEntry(cache, key);
  }
  let kept = 0;
  let removed: Trimmed = { entries: 0, size: 0 };
  for (const entry of await listResults(cache)) {
    const size = sizeOf(entry);
    kept += size;
    if (kept <= limit) continue;
    await dropEntry(cache, entry.key);
    removed = { entries: removed.entries + 1, size: removed.size + size };
  }
  return removed;
}
