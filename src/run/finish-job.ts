import { mkdir } from "node:fs/promises";
import { explainMiss, isLocked } from "../cache/lookup.ts";
import type { PlannedJob } from "../plan/plan.ts";
import { runTask } from "../sys/run-task.ts";
import type { RunContext } from "./context.ts";
import { runJob, type JobOptions } from "./job.ts";
import type { Prepared } from "./prepare.ts";
import { emitCached, resultOf, type JobResult } from "./result.ts";

export interface FinishOptions extends Omit<JobOptions, "changes" | "parts" | "plan" | "input"> {
  readonly prepared: Prepared;
  /** True when other jobs of this run use the job's folder. */
  readonly isUsed: boolean;
}

/**
 * Builds a job and caches its result. When another process is building the same job, waits and uses
 * that result.
 */
export async function finishJob(job: PlannedJob, options: FinishOptions, context: RunContext): Promise<JobResult> {
  const { prepared, isUsed, dir } = options;
  const { plan, input, cache, lookups } = prepared;
  const lookup = lookups.find((one) => one.job.id === job.id);
  const run = async (changes: readonly string[]) => {
    await mkdir(dir, { recursive: true });
    return runJob(job, { ...options, plan, input, changes, parts: cache === undefined ? undefined : lookup?.parts }, context);
  };
  if (cache === undefined || lookup === undefined) return run([]);
  return cache.withLock({ id: job.id, key: lookup.key }, context.host, async () => {
    // Another process may have finished the job since the lookup.
    const isUsable = (!isUsed || job.outputs.length > 0) && isLocked(job, await cache.find(lookup.key));
    const cached = isUsable ? await cache.restore(lookup.key, dir, isUsed) : undefined;
    if (cached !== undefined) {
      emitCached(cached, context.emit);
      return resultOf(cached, job, input);
    }
    const result = await run(explainMiss(lookup, await cache.list())?.changes ?? []);
    const store = async () => cache.store({ key: lookup.key, parts: lookup.parts, ...result }, dir, job.outputs);
    await runTask(context.host, "cache the result", store, job.id);
    return { ...result, parts: lookup.parts };
  });
}
