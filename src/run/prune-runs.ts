import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Host } from "../sys/exec.ts";
import { folderSize, removeFolder } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { lockIn, withFreeLock, withLock } from "../sys/with-lock.ts";
import { parseStaged, stagingOf } from "../sys/staging.ts";

/** What may stay in `.kovn/runs`: the newest runs, as long as neither limit is exceeded. */
export interface RunLimits {
  /** Most runs. */
  readonly keep: number;
  /** Most bytes of all runs together; infinite to measure none that may stay. */
  readonly bytes: number;
}

/** The limits that a build applies. */
export const runLimits: RunLimits = { keep: 10, bytes: 2e9 };

/** The folder of all runs below `.kovn`. A run holds the lock of its own folder until it ends. */
export function runsFolder(work: string): string {
  return join(work, "runs");
}

/** Names of runs, such as `20261126T011256Z-2699`: they sort by time. */
const runName = /^\d{8}T\d{6}Z-\d+$/;

/** The folder names of the runs, the newest first. */
export async function listRuns(work: string): Promise<readonly string[]> {
  const found = await readEntries(runsFolder(work));
  const names = found.flatMap((one) => (one.isDirectory() && runName.test(one.name) ? [one.name] : []));
  return names.toSorted().toReversed();
}

/** The runs with the bytes that they take on the disk, the newest first. */
export async function measureRuns(work: string): Promise<readonly { readonly run: string; readonly size: number }[]> {
  const runs = [];
  for (const run of await listRuns(work)) runs.push({ run, size: Math.round(await folderSize(join(runsFolder(work), run))) });
  return runs;
}

/** What was removed; `size` is in bytes. */
export interface PrunedRuns {
  readonly runs: number;
  readonly size: number;
}

/**
 * Removes the oldest runs until the rest is within the limits, those that built nothing because all
 * was cached, and what killed processes left half removed. The newest run stays, and so do those
 * that still run, and folders without events, which no run made. Throws at the end what kept a run
 * from being removed.
 */
export async function pruneRuns(work: string, { keep, bytes }: RunLimits, host: Host): Promise<PrunedRuns> {
  const folder = runsFolder(work);
  const failures: unknown[] = [];
  let removed: PrunedRuns = { runs: 0, size: 0 };
  const remove = async (run: string, size: number) => {
    const isRemoved = await withFreeLock(lockIn(run), "is removing it", async () => removeRun(run)).catch(
      (error: unknown) => void failures.push(error),
    );
    if (isRemoved === true) removed = { runs: removed.runs + 1, size: removed.size + size };
  };
  await withLock(lockIn(folder), { host, other: "is removing old runs" }, async () => {
    // Only the holder of this lock removes runs, so nobody is at work on these.
    for (const { name } of await readEntries(folder))
      if (runName.test(parseStaged(name)?.name ?? ""))
        await removeFolder(join(folder, name)).catch((error: unknown) => failures.push(error));
    let [total, kept] = [0, 0];
    for (const [index, name] of (await listRuns(work)).entries()) {
      host.signal.throwIfAborted();
      const run = join(folder, name);
      const entries = await readEntries(run);
      const has = (file: string) => entries.some((entry) => entry.name === file);
      // Its job folders are gone: it says nothing that the run before it does not say.
      const isIdle = index > 0 && has("artifacts.json") && !entries.some((entry) => entry.isDirectory());
      const size = isIdle || bytes < Infinity || kept >= keep ? await folderSize(run) : 0;
      if (!isIdle) total += size;
      if (!isIdle && (index === 0 || (kept < keep && total <= bytes))) kept++;
      else if (has("events.jsonl")) await remove(run, size);
    }
  });
  if (failures.length > 0) throw failures[0];
  return removed;
}

/** Renames the run first, so that no one takes a half-removed run for a whole one. */
async function removeRun(run: string): Promise<true> {
  const beside = stagingOf(run, "old");
  await rename(run, beside);
  await removeFolder(beside);
  return true;
}

async function readEntries(folder: string) {
  return readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  });
}
