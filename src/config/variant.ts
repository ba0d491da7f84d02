import { makeRecord } from "../record.ts";
import { stepFor } from "../steps/registry.ts";
import { unknownName } from "./names.ts";
import type { Pipeline, PipelineJob } from "./pipeline.ts";

/** Returns a pipeline as it is in one of its variants: jobs and steps have what differs there. */
export function forVariant({ variants, ...pipeline }: Pipeline, variant: string): Pipeline {
  const own = variants?.[variant];
  const until = { ...pipeline.until, ...own?.until };
  const pinned = { ...pipeline.pinned, ...own?.pinned };
  const jobs = Object.entries(pipeline.jobs).map(([id, job]) => [id, jobFor(job, variant)] as const);
  return {
    ...pipeline,
    ...(Object.keys(until).length === 0 ? {} : { until }),
    ...(Object.keys(pinned).length === 0 ? {} : { pinned }),
    jobs: makeRecord(jobs),
  };
}

/** Throws "usage" for a variant that the pipeline does not have. */
export function assertVariant({ flags }: Pick<Pipeline, "flags">, variant: string): void {
  const variants = Object.keys(flags);
  if (!variants.includes(variant)) throw unknownName("Variant", variant, variants);
}

function jobFor({ variants, ...job }: PipelineJob, variant: string): PipelineJob {
  const { libraries: more = [], artifacts = job.artifacts } = variants?.[variant] ?? {};
  const steps = job.steps.map((step) => stepFor(step, variant));
  const packages = [...new Set([...job.packages, ...more])].toSorted();
  const libraries = more.length === 0 ? {} : { libraries: [...(job.libraries ?? []), ...more] };
  return { ...job, ...libraries, packages, steps, artifacts };
}
