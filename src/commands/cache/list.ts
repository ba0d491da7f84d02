import type { Project } from "../../config/project.ts";
import { listEntries, sizeOf, type StoredEntry } from "../../cache/entry.ts";
import { cacheFolder, checkVersion, entriesLimit, trim } from "../../cache/folder.ts";
import { compilations, forgetCompilations } from "../../compile/ccache.ts";
import { withLock } from "../../sys/with-lock.ts";
import type { Host } from "../../sys/exec.ts";

/** `kovn-build cache list`: a line an entry, the last used first, and the sums. */
export async function cacheList({ json }: { readonly json: boolean }, { work }: Project, host: Host): Promise<string> {
  const cache = cacheFolder(work);
  await checkVersion(cache);
  const entries = await listEntries(cache);
  const compiled = await compilations(cache, host);
  if (json) return `${JSON.stringify({ schema: 1, entries: entries.map(jsonOf), compilations: compiled }, undefined, 2)}\n`;
  const total = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  const sums = [
    `${entries.length} of at most ${megabytes(entriesLimit)}: ${megabytes(total)}\n`,
    ...(compiled === undefined ? [] : [`compilations of at most ${megabytes(compiled.limit)}: ${megabytes(compiled.size)}\n`]),
  ];
  return [...entries.map(showEntry), ...sums].join("");
}

function jsonOf(entry: StoredEntry) {
  const { key, finished, used, built, parts } = entry;
  return { key, finished, used: new Date(used).toISOString(), size: sizeOf(entry), job: built.id, parts };
}

function showEntry(entry: StoredEntry): string {
  const { key, parts, built, finished, used } = entry;
  const what = ["target", "line", "variant", "architecture"].map((name) => parts[name]).join(" ");
  const columns = [key.slice(0, 12), built.id.padEnd(12), what, `built ${minute(finished)}`];
  return `${[...columns, `used ${minute(new Date(used).toISOString())}`, megabytes(sizeOf(entry))].join("  ")}\n`;
}

function minute(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}

function megabytes(size: number): string {
  return `${(size / 1e6).toFixed(1)} MB`;
}

/** `kovn-build cache prune`: brings finished jobs down to a size. What is compiled goes as well when they may have none; else ccache sees to it. */
export async function cachePrune(
  { size = entriesLimit }: { readonly size?: number },
  { work }: Project,
  host: Host,
): Promise<string> {
  const cache = cacheFolder(work);
  await checkVersion(cache);
  const removed = await withLock(cache, { signal: host.signal }, () => trim(cache, size));
  if (size === 0) await forgetCompilations(cache, host);
  return `${removed.entries} removed, ${megabytes(removed.size)}.\n`;
}

/** `kovn-build cache path`: the folder, for programs that save and restore it. */
export function cachePath({ work }: Project): string {
  return `${cacheFolder(work)}\n`;
}
