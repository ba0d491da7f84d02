import { differencesOf } from "../../dist/differences.ts";
import { seriesOf } from "./patches.ts";
import type { RunFolder } from "./read.ts";
import { waitsOf } from "./waits.ts";

/** What a page shows, as data: `report --json`. Times are milliseconds. */
export function dataOf({ run, manifest, earlier, missing }: RunFolder) {
  const { name, state, version, start, end, plan, failure, notices } = run;
  const artifacts = manifest?.artifacts ?? run.done?.artifacts ?? [];
  return {
    schema: 1,
    run: name,
    state,
    version,
    start: new Date(start).toISOString(),
    duration: end - start,
    target: plan?.target,
    line: plan?.line,
    variant: plan?.variant,
    arch: plan?.arch,
    failure: failure && { code: failure.code, message: failure.message, hint: failure.hint, at: failure.at },
    notices,
    missing,
    jobs: run.jobs.map((job) => ({
      id: job.id,
      state: job.state,
      duration: job.end?.duration,
      expected: job.start?.expected,
      warnings: job.end?.warnings,
      errors: job.end?.errors,
      compilerCache: job.end?.compilerCache,
    })),
    waits: waitsOf(run).map(({ task, time }) => ({ job: task?.job, task: task?.title, time })),
    series: seriesOf(run).map(({ jobs, source, patches }) => ({ jobs, source: source.name, version: source.version, patches })),
    earlier: earlier?.name,
    artifacts: differencesOf(artifacts, earlier?.manifest.artifacts ?? []),
  };
}
