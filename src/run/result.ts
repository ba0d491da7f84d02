import type { Parts } from "../cache/parts.ts";
import type { CachedResult } from "../cache/result.ts";
import type { Source } from "../config/source.ts";
import { describeBuilt } from "../dist/built.ts";
import type { Artifact, BuiltJob } from "../dist/manifest.ts";
import type { PlanInput, PlannedJob } from "../plan/plan.ts";
import { makeRecord } from "../record.ts";
import type { Emit } from "./events.ts";

/** The result of a job, just built or cached. */
export interface JobResult {
  readonly built: BuiltJob;
  readonly artifacts: readonly Artifact[];
  /** Everything that it depends on; absent in a build without the cache. */
  readonly parts?: Parts;
}

/**
 * A cached result, described as if it were built now: names and URLs may have changed since, as far
 * as the bytes do not depend on them.
 */
export function resultOf({ built, artifacts, parts }: CachedResult, job: PlannedJob, input: PlanInput): JobResult {
  const patches = [...built.series, ...(built.packaging ?? [])];
  const patchIds = makeRecord(patches.map(({ sha256, patchId }) => [sha256, patchId]));
  const pickIds = makeRecord((built.picks ?? []).map(({ commit, patchId }) => [commit, patchId]));
  return { built: describeBuilt(job, sourceOf(job, input), { ...built, patchIds, pickIds }), artifacts, parts };
}

/** Reports that a job is cached. */
export function emitCached({ built, finished }: CachedResult, emit: Emit): void {
  emit({ event: "job-cached", job: built.id, finished, duration: built.duration });
}

/** The source of a planned job. */
export function sourceOf(job: PlannedJob, { sources }: PlanInput): Source {
  const source = sources[job.source.name];
  if (source === undefined) throw new Error(`job ${job.id} was planned without a source`);
  return source;
}
