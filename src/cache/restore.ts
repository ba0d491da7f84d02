import { join } from "node:path";
import type { Source } from "../config/source.ts";
import type { Plan, PlannedJob } from "../plan/plan.ts";
import { describeBuilt } from "../dist/built.ts";
import type { Entry } from "./entry.ts";
import type { JobCache } from "./cache.ts";
import type { Emit } from "../run/events.ts";
import type { JobResult } from "../run/job.ts";
import type { Lookup } from "./lookup.ts";

/** A kept result, described as if it were built now: names and sources may have changed since, where they do not change the bytes. */
export function resultOf(entry: Entry, job: PlannedJob, source: Source): JobResult {
  const patchIds = Object.fromEntries(entry.built.series.map(({ sha256, patchId }) => [sha256, patchId]));
  return { built: describeBuilt(job, source, { ...entry.built, patchIds }), artifacts: entry.artifacts };
}

/** Tells of a job whose result was kept. */
export function emitCached(entry: Entry, emit: Emit): void {
  emit({ event: "job-cached", job: entry.built.id, finished: entry.finished, duration: entry.built.duration });
}

/** True when a job's folder is used by others that have to be built. */
export function isUsed(plan: Plan, id: string, isMissing: (job: string) => boolean): boolean {
  return plan.jobs.some((job) => job.needs.includes(id) && isMissing(job.id));
}

/**
 * Takes out what is kept of a plan's jobs, into their folders in `run`; answers with the entries by job. A job that others need which have
 * to be built is taken with its outputs; when none are declared, nobody knows what they use, and it has to be built as well.
 */
export async function restoreCached(
  plan: Plan,
  lookups: readonly Lookup[],
  cache: JobCache,
  run: string,
): Promise<ReadonlyMap<string, Entry>> {
  const taken = new Map<string, Entry>();
  // From the end, since each job decides what those that it needs must have.
  for (const { job, key, entry } of lookups.toReversed()) {
    const used = isUsed(plan, job.id, (id) => !taken.has(id));
    if (entry === undefined || (used && job.outputs.length === 0)) continue;
    const whole = await cache.take(key, join(run, job.id), used);
    if (whole !== undefined) taken.set(job.id, whole);
  }
  return taken;
}
