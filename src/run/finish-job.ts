import { mkdir } from "node:fs/promises";
import { explainMiss, isLocked } from "../cache/lookup.ts";
import type { PlannedJob } from "../plan/plan.ts";
import { removeFolder } from "../sys/files.ts";
import { runTask } from "../sys/run-task.ts";
import type { Begun } from "./begin-job.ts";
import type { RunContext } from "./context.ts";
import { runJob, type RunJobOptions } from "./job.ts";
import type { Prepared } from "./prepare.ts";
import { emitCached, resultOf, type JobResult } from "./result.ts";

export interface FinishOptions extends Omit<RunJobOptions, "changes"> {
  readonly prepared: Prepared;
  /** True when other jobs of this run use the job's folder. */
  readonly isUsed: boolean;
  /** Called when the last step has ended, before the result is cached. */
  readonly onStepsDone: () => void;
}

/**
 * Builds a job and caches its result. When another process is building the same job, waits and uses
 * that result.
 */
export async function finishJob(job: PlannedJob, options: FinishOptions, context: RunContext): Promise<JobResult> {
  const { prepared, isUsed, dir } = options;
  const { input, cache, lookups } = prepared;
  const lookup = lookups.find((one) => one.job.id === job.id);
  const run = async (changes: readonly string[], begun: Begun | undefined) => {
    await mkdir(dir, { recursive: true });
    return runJob(job, { ...options, changes, begun }, context);
  };
  if (cache === undefined || lookup === undefined) return run([], options.begun);
  return cache.withLock({ id: job.id, key: lookup.key }, context.host, async () => {
    // Another process may have finished the job since the lookup.
    const found = await cache.find(lookup.key);
    const isUsable = found !== undefined && (!isUsed || job.outputs.length > 0) && isLocked(job, found);
    // Nothing of what was begun for it stays beside the result.
    if (isUsable) await removeFolder(dir);
    const cached = isUsable ? await cache.restore(lookup.key, dir, isUsed) : undefined;
    if (cached !== undefined) {
      emitCached(cached, context.emit);
      return resultOf(cached, job, input);
    }
    const changes = explainMiss(lookup, await cache.list())?.changes ?? [];
    const result = await run(changes, isUsable ? undefined : options.begun);
    options.onStepsDone();
    const store = async () => cache.store({ key: lookup.key, parts: lookup.parts, ...result }, dir, job.outputs);
    await runTask(context.host, "cache the result", store, job.id);
    return { ...result, parts: lookup.parts };
  });
}
