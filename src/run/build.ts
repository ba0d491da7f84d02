import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { takeResults } from "../cache/lookup.ts";
import { assertUnique } from "../dist/artifact.ts";
import { refusalOf } from "../errors.ts";
import { showManifest, type Manifest } from "../dist/manifest.ts";
import { holdsDist, writeDist } from "../dist/write.ts";
import { sortBy } from "../order.ts";
import { describeBase } from "../plan/base.ts";
import { distName } from "../plan/dist-name.ts";
import { describeMissingPicks } from "../plan/picks.ts";
import type { Plan } from "../plan/plan.ts";
import type { Host } from "../sys/exec.ts";
import { runTask } from "../sys/run-task.ts";
import { writeTemporary } from "../sys/write-whole.ts";
import { buildJobs, type JobsOptions } from "./build-jobs.ts";
import type { RunContext } from "./context.ts";
import { jobFolder } from "./job-folder.ts";
import type { BuildOptions, Prepared } from "./prepare.ts";
import { emitCached, resultOf, type JobResult } from "./result.ts";

/** What a build made. */
export interface Built {
  /** The folder of the artifacts: `<out>/<target>[-<variant>]`. */
  readonly folder: string;
  /** The content of its `artifacts.json`. */
  readonly manifest: Manifest;
  /** The folder of the run, in `.kovn/runs`. */
  readonly run: string;
}

/**
 * Runs a prepared plan: restores cached results, builds the other jobs, and replaces
 * `<out>/<target>[-<variant>]`, atomically and only after every job succeeded. When that folder is as it should
 * be already, nothing is written. Throws `BuildError`; what failed can be looked at in
 * `.kovn/runs`.
 */
export async function build(
  prepared: Prepared,
  options: BuildOptions & Pick<JobsOptions, "onStepsDone">,
  context: RunContext,
): Promise<Built> {
  const { plan } = prepared;
  const { host, run } = context;
  const out = resolve(options.out);
  const target = join(out, distName(plan));
  reportAlternates(plan, context);
  const isCurrent = await runTask(host, `compare ${target} with the cached results`, async () =>
    holdsResults(out, prepared, context),
  );
  const restored = await runTask(host, "restore cached results", async () => restore(prepared, isCurrent, context));
  // More than the missing jobs when a cached result turns out to be damaged.
  const unbuilt = plan.jobs.filter((job) => !restored.has(job.id));
  const built = await buildJobs(unbuilt, { ...options, prepared }, context);
  const manifest = makeManifest(plan, [...restored.values(), ...built], context);
  const write = async (below: Host) => writeDist(out, manifest, (job) => join(jobFolder(context, job), "out"), below);
  const folder = isCurrent ? target : await runTask(host, `write ${target}`, write);
  if (unbuilt.length === 0)
    for (const job of restored.keys()) await rm(jobFolder(context, job), { recursive: true, force: true });
  // For the page of the run, and to compare later runs with.
  await writeTemporary(join(run, "artifacts.json"), showManifest(manifest)).catch((error: unknown) =>
    host.task.notice(`The manifest could not be written to ${run}: ${refusalOf(error) ?? String(error)}.`),
  );
  return { folder, manifest, run };
}

/** True when no job is missing and `<out>/<target>[-<variant>]` already holds exactly the cached results. */
async function holdsResults(out: string, { plan, input, lookups, missing }: Prepared, context: RunContext): Promise<boolean> {
  if (missing.length > 0) return false;
  const results = lookups.flatMap(({ job, result }) => (result === undefined ? [] : [resultOf(result, job, input)]));
  return holdsDist(out, makeManifest(plan, results, context));
}

/**
 * Restores cached results into the run's folder, or only marks them as used when `dist` holds them
 * already. Returns them by job.
 */
async function restore(
  { plan, input, lookups, cache }: Prepared,
  isCurrent: boolean,
  context: RunContext,
): Promise<ReadonlyMap<string, JobResult>> {
  const taken = await takeResults(lookups, async ({ job, key, result }, outputs) => {
    if (!isCurrent) return cache?.restore(key, jobFolder(context, job.id), outputs);
    await cache?.touch(key);
    return result;
  });
  const restored = new Map<string, JobResult>();
  for (const job of plan.jobs) {
    const result = taken.get(job.id);
    if (result === undefined) continue;
    emitCached(result, context.emit);
    restored.set(job.id, resultOf(result, job, input));
  }
  return restored;
}

function makeManifest(plan: Plan, results: readonly JobResult[], { builder }: RunContext): Manifest {
  const all = results.flatMap((result) => result.artifacts);
  const artifacts = sortBy(all, (artifact) => artifact.file);
  assertUnique(artifacts);
  const { schema, target, line, variant, arch, buildArch, flags } = plan;
  const cross = buildArch === undefined ? {} : { buildArch };
  const jobs = plan.jobs.flatMap(({ id }) => {
    const { built, parts } = results.find((result) => result.built.id === id) ?? {};
    return built === undefined ? [] : [{ ...built, ...(parts === undefined ? {} : { parts }) }];
  });
  return { schema, target, line, variant, arch, ...cross, flags, builder, jobs, artifacts };
}

function reportAlternates(plan: Plan, { host }: RunContext): void {
  const alternates = plan.jobs.flatMap(({ source, base }) => (base.kind === "git" ? [] : [[source.name, base] as const]));
  for (const [source, base] of new Map(alternates))
    host.task.notice(`Source \`${source}\` is built on an alternate: ${describeBase(base)}, not on the pinned commit.`);
  for (const [source, base] of new Map(alternates)) {
    const lacks = describeMissingPicks(source, base);
    if (lacks !== undefined) host.task.notice(lacks);
  }
}
