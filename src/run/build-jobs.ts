import { cacheFolder } from "../cache/folder.ts";
import { openCompilerCache } from "../compile/ccache.ts";
import { BuildError } from "../errors.ts";
import { fetchBase, type Fetched } from "../patches/mirror.ts";
import { readPicks } from "../patches/picks.ts";
import type { PlanInput, PlannedJob } from "../plan/plan.ts";
import { beginJob, type Begun } from "./begin-job.ts";
import type { RunContext } from "./context.ts";
import type { ExpectedJob } from "./events.ts";
import { readExpected } from "./expected.ts";
import { finishJob } from "./finish-job.ts";
import { jobFolder } from "./job-folder.ts";
import type { BuildOptions, Prepared } from "./prepare.ts";
import type { JobResult } from "./result.ts";
import { canBegin } from "../steps/registry.ts";
import type { Host } from "../sys/exec.ts";
import { runTask } from "../sys/run-task.ts";
import { treesOf } from "./roots.ts";
import { schedule } from "./schedule.ts";

export interface JobsOptions extends Pick<BuildOptions, "jobs" | "keepGoing" | "remoteCache"> {
  readonly prepared: Prepared;
  /** Called when the last step of the last job has ended. What is left is to keep the results. */
  readonly onStepsDone: () => void;
}

/**
 * Builds jobs of a plan, each as soon as the jobs that it needs are done. Throws what failed, after
 * all running jobs have ended.
 */
export async function buildJobs(
  jobs: readonly PlannedJob[],
  options: JobsOptions,
  context: RunContext,
): Promise<readonly JobResult[]> {
  if (jobs.length === 0) return [];
  const { prepared, keepGoing } = options;
  const { project, host, emit } = context;
  const compilerCache = await openCompilers(options, context);
  const parallel = Math.max(options.jobs, compilerCache?.slots ?? 0);
  const bases = await fetchBases(jobs, prepared.input, context);
  const expected = new Map<string, number | undefined>();
  for (const { id } of jobs) expected.set(id, await readExpected(project.work, prepared.plan, id));
  emit({ event: "jobs", parallel, keepGoing, jobs: jobs.map((job) => expectedJob(job, expected.get(job.id))) });
  const { plan, input, cache, lookups, roots } = prepared;
  const optionsOf = (job: PlannedJob, onReady: () => void) => {
    const base = bases.get(job.source.name);
    if (base === undefined) throw new Error(`source ${job.source.name} was not fetched`);
    const parts = cache === undefined ? undefined : lookups.find((one) => one.job.id === job.id)?.parts;
    const [dir, root] = [jobFolder(context, job.id), roots.get(job.id)];
    return { plan, input, base, dir, root, parallel, compilerCache, parts, onReady };
  };
  const begun = new Map<string, Begun>();
  const begin = async (job: PlannedJob) => {
    if (cache === undefined || !canBegin(job.steps) || host.signal.aborted) return;
    const beginIt = async (below: Host) =>
      beginJob(
        job,
        optionsOf(job, () => undefined),
        { ...context, host: below },
      );
    const done = await runTask(host, `begin, while ${job.needs.join(" and ")} is built`, beginIt, job.id);
    if (done !== undefined) begun.set(job.id, done);
  };
  const results: JobResult[] = [];
  const running = new Set(jobs.map(({ id }) => id));
  const onSkip = (job: PlannedJob, needs: readonly string[]) => emit({ event: "job-skipped", job: job.id, needs });
  const failures = await schedule(jobs, { limit: parallel, keepGoing, onSkip, begin }, async (job, onReady) => {
    host.signal.throwIfAborted();
    const isUsed = jobs.some((other) => other.needs.includes(job.id));
    const onStepsDone = () => {
      running.delete(job.id);
      if (running.size === 0) options.onStepsDone();
    };
    const own = { prepared, isUsed, expected: expected.get(job.id), begun: begun.get(job.id), onStepsDone };
    const of = { ...optionsOf(job, onReady), ...own };
    results.push(await runTask(host, job.id, async (below) => finishJob(job, of, { ...context, host: below }), job.id));
  });
  throwFailures(failures);
  return results;
}

function expectedJob({ id, needs }: PlannedJob, expected: number | undefined): ExpectedJob {
  return { id, needs, ...(expected === undefined ? {} : { expected }) };
}

async function openCompilers({ prepared, remoteCache }: JobsOptions, { project, host }: RunContext) {
  const { cache, distcc, roots } = prepared;
  const [tree] = treesOf(roots).values();
  if (cache === undefined) return undefined;
  return runTask(host, "set up the compiler cache", async (below) =>
    openCompilerCache({
      cache: cacheFolder(project.work),
      remote: remoteCache,
      distcc,
      host: below,
      notice: below.task.notice,
      tree,
    }),
  );
}

/** Fetches the bases of jobs, and returns them by source. Throws "project" for a pick that cannot be taken. */
async function fetchBases(
  jobs: readonly PlannedJob[],
  { sources }: PlanInput,
  { project, host, emit }: RunContext,
): Promise<ReadonlyMap<string, Fetched>> {
  const fetched = new Map<string, Fetched>();
  for (const { source, base } of jobs) {
    const whole = sources[source.name];
    if (fetched.has(source.name) || whole === undefined) continue;
    const result = await fetchBase(base, { work: project.work, host });
    await readPicks(whole, result, { host, bare: result.repository });
    fetched.set(source.name, result);
    emit({ event: "base", source: source.name, base, commit: result.commit });
  }
  return fetched;
}

/** Throws a single failure as it is, and several as one that reports all. */
function throwFailures(failures: readonly unknown[]): void {
  const [first, ...others] = failures;
  if (others.length === 0 || !failures.every((failure) => failure instanceof BuildError)) {
    if (failures.length > 0) throw first;
    return;
  }
  const reports = failures.map(({ message, hint }) => (hint === undefined ? message : `${message}\n  -> ${hint}`));
  throw new BuildError("build", `${failures.length} jobs failed.\n${reports.join("\n")}`, {
    cause: first,
    // GitHub Actions shows only the places of an error that has some.
    at: failures.every((failure) => failure.at.length > 0) ? failures.flatMap((failure) => failure.at) : [],
  });
}
