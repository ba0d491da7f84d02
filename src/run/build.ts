import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { InputFile } from "../config/inputs.ts";
import { BuildError } from "../errors.ts";
import type { Source } from "../config/source.ts";
import { sortBy } from "../order.ts";
import { fetchBase, type Fetched } from "../patches/mirror.ts";
import { describeBase } from "../plan/base.ts";
import type { Plan, PlannedJob } from "../plan/plan.ts";
import { assertUnique } from "../dist/artifact.ts";
import { holdsDist, recoverDist, writeDist } from "../dist/write.ts";
import type { Manifest } from "../dist/manifest.ts";
import type { Host } from "../sys/exec.ts";
import { ownPid } from "../sys/processes.ts";
import type { JobCache } from "../cache/cache.ts";
import type { CompilerCache } from "../compile/ccache.ts";
import type { Emit } from "./events.ts";
import { runJob, type JobResult } from "./job.ts";
import { emitCached, isUsed, resultOf, restoreCached } from "../cache/restore.ts";
import { explainMiss, isLocked, lookUp, type Lookup } from "../cache/lookup.ts";
import { schedule } from "./schedule.ts";

export interface BuildOptions {
  readonly plan: Plan;
  readonly sources: Readonly<Record<string, Source>>;
  /** Files that a job uses besides its source, by job. */
  readonly inputs: Readonly<Record<string, readonly InputFile[]>>;
  /** The `.kovn` folder. */
  readonly work: string;
  /** The folder for results; the target's folder lies in it. */
  readonly out: string;
  /** Parallel processes of a step, and the most jobs at once. */
  readonly parallel: number;
  /** True when a failure stops only the jobs that need what failed. */
  readonly keepGoing: boolean;
  /** Finished jobs of earlier runs; undefined when none may be used or kept. */
  readonly cache: JobCache | undefined;
  /** Opens what remembers compilations, when something is to be built; undefined when nothing may. */
  readonly compilerCache: () => Promise<CompilerCache | undefined>;
  readonly builder: Manifest["builder"];
  readonly host: Host;
  readonly emit: Emit;
}

type Results = Map<string, JobResult>;

/**
 * Runs a plan on a machine that is fit for it: what is kept, bases, jobs, result folder. `<out>/<target>` changes only when all jobs
 * succeeded. Throws `BuildError` with what to do; partial work stays in `.kovn/runs` to be looked at.
 */
export async function build(options: BuildOptions): Promise<void> {
  const { plan, cache, work, host, emit } = options;
  const started = performance.now();
  const out = resolve(options.out);
  const done = (folder: string, { artifacts }: Manifest) =>
    emit({ event: "done", folder, duration: Math.round(performance.now() - started), artifacts });
  await recoverDist(out, plan.target, host.signal);
  reportAlternates(options);
  const lookups = cache === undefined ? [] : await lookUp(plan, cache, host);
  const results: Results = new Map();
  const found = lookups.flatMap(({ entry }) => entry ?? []);
  if (found.length === plan.jobs.length) {
    for (const { job, entry } of lookups)
      if (entry !== undefined) results.set(job.id, resultOf(entry, job, sourceOf(job, options)));
    const manifest = makeManifest(options, results);
    if (await holdsDist(out, manifest)) {
      for (const entry of found) {
        await cache?.use(entry.key);
        emitCached(entry, emit);
      }
      return done(join(out, plan.target), manifest);
    }
  }
  const run = join(work, "runs", runName());
  const missing = await buildMissing(options, lookups, run, results);
  const manifest = makeManifest(options, results);
  const folder = await writeDist(out, manifest, (job) => join(run, job, "out"), host.signal);
  // There is nothing to look at in the folder of a run that built nothing.
  if (missing === 0) await rm(run, { recursive: true, force: true });
  done(folder, manifest);
}

/** Takes what is kept, and builds the rest; answers with how many jobs had to be built. */
async function buildMissing(options: BuildOptions, lookups: readonly Lookup[], run: string, results: Results): Promise<number> {
  const { plan, cache, keepGoing, emit } = options;
  const taken = cache === undefined ? new Map<string, never>() : await restoreCached(plan, lookups, cache, run);
  for (const job of plan.jobs) {
    const entry = taken.get(job.id);
    if (entry === undefined) continue;
    emitCached(entry, emit);
    results.set(job.id, resultOf(entry, job, sourceOf(job, options)));
  }
  const missing = plan.jobs.filter((job) => !taken.has(job.id));
  const compilerCache = missing.length === 0 ? undefined : await options.compilerCache();
  const parallel = Math.max(options.parallel, compilerCache?.slots ?? 0);
  const bases = await fetchBases(options, missing);
  const onSkip = (job: PlannedJob, needs: readonly string[]) => emit({ event: "job-skipped", job: job.id, needs });
  const failures = await schedule(missing, { limit: parallel, keepGoing, onSkip }, async (job, onReady) => {
    options.host.signal.throwIfAborted();
    const base = bases.get(job.source.name);
    if (base === undefined) throw new Error(`job ${job.id} was planned without a source`);
    const lookup = lookups.find((one) => one.job.id === job.id);
    const outputs = isUsed(plan, job.id, (id) => !taken.has(id));
    const dir = join(run, job.id);
    results.set(job.id, await finishJob(job, { ...options, parallel, compilerCache, base, dir, lookup, outputs, onReady }));
  });
  throwFailures(failures);
  return missing.length;
}

interface FinishOptions extends Omit<BuildOptions, "compilerCache"> {
  readonly compilerCache: CompilerCache | undefined;
  readonly base: Fetched;
  readonly dir: string;
  readonly lookup: Lookup | undefined;
  readonly onReady: () => void;
  /** True when other jobs use this one's folder. */
  readonly outputs: boolean;
}

/** Builds a job and keeps it; waits for another process that is at the same one, and then takes its result. */
async function finishJob(job: PlannedJob, options: FinishOptions): Promise<JobResult> {
  const { cache, lookup, dir, emit } = options;
  const source = sourceOf(job, options);
  const run = async (changes: readonly string[]) => {
    await mkdir(dir, { recursive: true });
    return runJob(job, { ...options, source, inputs: options.inputs[job.id] ?? [], changes });
  };
  if (cache === undefined || lookup === undefined) return run([]);
  const onWait = () => emit({ event: "notice", message: `Another kovn-build is at the same job \`${job.id}\`: waiting for it.` });
  return cache.withLock(lookup.key, onWait, async () => {
    // Another process may have finished it since it was looked up, also without a wait here.
    const isWhole = (!options.outputs || job.outputs.length > 0) && isLocked(job, await cache.find(lookup.key));
    const entry = isWhole ? await cache.take(lookup.key, dir, options.outputs) : undefined;
    if (entry !== undefined) {
      emitCached(entry, emit);
      return resultOf(entry, job, source);
    }
    const result = await run(explainMiss(lookup, await cache.list())?.changes ?? []);
    await cache.keep({ key: lookup.key, parts: lookup.parts, ...result }, dir, job.outputs);
    return result;
  });
}

function sourceOf(job: PlannedJob, { sources }: Pick<BuildOptions, "sources">): Source {
  const source = sources[job.source.name];
  if (source === undefined) throw new Error(`job ${job.id} was planned without a source`);
  return source;
}

function makeManifest({ plan, builder }: BuildOptions, results: ReadonlyMap<string, JobResult>): Manifest {
  const artifacts = sortBy(
    [...results.values()].flatMap((result) => result.artifacts),
    (artifact) => artifact.file,
  );
  assertUnique(artifacts);
  const { schema, target, line, variant, arch, flags } = plan;
  const jobs = plan.jobs.flatMap(({ id }) => results.get(id)?.built ?? []);
  return { schema, target, line, variant, arch, flags, builder, jobs, artifacts };
}

/** Throws the only failure as it is, and several as one that tells all. */
function throwFailures(failures: readonly unknown[]): void {
  const [first, ...others] = failures;
  if (others.length === 0 || !failures.every((failure) => failure instanceof BuildError)) {
    if (failures.length > 0) throw first;
    return;
  }
  const told = failures.map(({ message, hint }) => (hint === undefined ? message : `${message}\n  -> ${hint}`));
  throw new BuildError("build", `${failures.length} jobs failed.\n${told.join("\n")}`, { cause: first });
}

function reportAlternates({ plan, emit }: BuildOptions): void {
  const alternates = plan.jobs.flatMap(({ source, base }) => (base.kind === "git" ? [] : [[source.name, base] as const]));
  for (const [source, base] of new Map(alternates))
    emit({
      event: "notice",
      message: `Source \`${source}\` is taken from an alternate: ${describeBase(base)}, not from the pinned commit.`,
    });
}

async function fetchBases(
  { work, host, emit }: BuildOptions,
  jobs: readonly PlannedJob[],
): Promise<ReadonlyMap<string, Fetched>> {
  const fetched = new Map<string, Fetched>();
  for (const { source, base } of jobs) {
    if (fetched.has(source.name)) continue;
    const result = await fetchBase(base, { work, host, notice: (message) => emit({ event: "notice", message }) });
    fetched.set(source.name, result);
    emit({ event: "base", source: source.name, base, commit: result.commit });
  }
  return fetched;
}

/** Names a run by its start, so that runs sort by time; the process id keeps two runs of one second apart. */
function runName(): string {
  return `${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}-${ownPid}`;
}
