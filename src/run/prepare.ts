import { openCache, type JobCache } from "../cache/cache.ts";
import { cacheFolder } from "../cache/folder.ts";
import { lookUp, takeResults, type Lookup } from "../cache/lookup.ts";
import { openDistcc, type Distcc } from "../compile/distcc.ts";
import { aboutLine } from "../config/lines.ts";
import { unlockedLine } from "../config/lock.ts";
import { prepareDist } from "../dist/write.ts";
import { BuildError } from "../errors.ts";
import { isForMachine, sayUnknown } from "../machine/check-distribution.ts";
import { assertFit, fitMachine } from "../machine/fit.ts";
import { machineNeeds } from "../machine/needs.ts";
import { reachBases } from "../patches/bases.ts";
import { makePlan, type Plan, type PlanInput, type PlannedJob } from "../plan/plan.ts";
import { startGuard, type Host } from "../sys/exec.ts";
import { runTask } from "../sys/run-task.ts";
import { makeRecord } from "../record.ts";
import type { RunContext } from "./context.ts";
import { rootOf, type RequestOptions } from "./request.ts";
import { rootsOf, treesOf, type Roots } from "./roots.ts";
import { alsoUnreachable, unreachable } from "./unreachable.ts";

/** What to build, and how. */
export interface BuildOptions extends RequestOptions {
  /** The folder for results; `<out>/<target>[-<variant>]` is replaced. */
  readonly out: string;
  /** Parallel processes of a step, and the most jobs at once. */
  readonly jobs: number;
  /** True to install missing Debian packages. */
  readonly installDeps: boolean;
  /** True when a failure only stops the jobs that need the failed one. */
  readonly keepGoing: boolean;
  /** False for a build that uses no cached result and caches none. */
  readonly cache: boolean;
  /** How many runs stay in `.kovn/runs`; the oldest others are removed at the end. */
  readonly keepRuns: number;
  /** Where machines share compilations, as ccache's `remote_storage`. */
  readonly remoteCache?: string;
  /** Archives for the root instead of the distribution's own: URL or `security=URL`. */
  readonly mirror: readonly string[];
}

/** A plan that this machine can run now. */
export interface Prepared {
  readonly plan: Plan;
  /** What the plan was made of. */
  readonly input: PlanInput;
  /** What the cache has of each job; empty without a cache. */
  readonly lookups: readonly Lookup[];
  /** The jobs to build; the cache has the results of the others. */
  readonly missing: readonly PlannedJob[];
  /** Undefined when no results are cached. */
  readonly cache: JobCache | undefined;
  /** Undefined when this machine compiles alone. */
  readonly distcc: Distcc | undefined;
  /** What the jobs are built in. */
  readonly roots: Roots;
}

/**
 * Makes a plan that this machine can run: looks up which jobs are missing, checks or installs what
 * they need, and finds bases that can be reached. When every job is cached, it checks neither the
 * machine nor the network. The plan is the first event, and is reported again when a base had to be
 * replaced. Throws "usage" for hosts that distcc does not understand, "machine" with everything
 * that is missing, "network" when a source cannot be reached.
 */
export async function prepare(input: PlanInput, options: BuildOptions, context: RunContext): Promise<Prepared> {
  const { project, machine, host, emit } = context;
  const { notice } = host.task;
  await startGuard();
  const plan = makePlan(input);
  emit({ event: "plan", ...plan });
  if (input.locks === undefined && !options.unlocked) notice(unlockedLine(input.line));
  const { ended } = await aboutLine(project, input.line);
  if (ended !== undefined) notice(ended);
  if (options.driver === undefined && plan.jobs.some(({ id }) => input.pipeline.jobs[id]?.driver === true))
    notice("No driver is given, so the installer has none (--driver DIR).");
  const ids = plan.jobs.map(({ id }) => id);
  const unknown = isForMachine(input.pipeline, ids, plan.root) ? sayUnknown(machine.distribution) : undefined;
  if (unknown !== undefined) notice(unknown);
  await prepareDist(options.out, plan, host);
  const distcc = await findHosts(options, host);
  // Without dpkg, nobody knows what a result depends on.
  const isCached = options.cache && machine.system === "linux";
  const cache = isCached ? await openCache(cacheFolder(project.work), { host }) : undefined;
  const checkMachine = async () => fit(input, plan, options, context);
  if (plan.root !== undefined) await checkMachine();
  const roots = await rootsOf({ ...input, runner: options.runner }, plan.jobs, options.mirror, context);
  const find = (of: Plan) => runTask(host, "look up cached results", async () => findMissing(of, cache, roots, context));
  const found = await find(plan).catch((error: unknown) => {
    // Without dpkg on a Linux machine. The check of the machine says so, with everything else that
    // is missing.
    if (error instanceof BuildError && error.code === "machine") return { plan, lookups: [], missing: plan.jobs };
    throw error;
  });
  if (found.missing.length === 0) return { ...found, input, cache, distcc, roots };
  const reachSources = async () =>
    runTask(host, "reach the sources", async (below) => reach(input, found.missing, options, { ...context, host: below }));
  const reached = await reachSources().catch(async (error: unknown) => {
    // Perhaps git or certificates are missing on this machine.
    await checkMachine().catch((lacking: unknown) => {
      throw alsoUnreachable(lacking, error);
    });
    if (options.installDeps) return reachSources();
    throw error;
  });
  const newPlan = makePlan(reached);
  const isSame = plan.jobs.every((job, index) => job.key === newPlan.jobs[index]?.key);
  if (!isSame) emit({ event: "plan", ...newPlan });
  const now = isSame ? found : await find(newPlan);
  if (now.missing.length === 0) return { ...now, input: reached, cache, distcc, roots };
  if (plan.root === undefined) await checkMachine();
  // Newly installed packages make other results, and dpkg may be there by now.
  const isStale = (options.installDeps && plan.root === undefined) || (cache !== undefined && now.lookups.length === 0);
  return { ...(isStale ? await find(newPlan) : now), input: reached, cache, distcc, roots };
}

async function findHosts({ distcc }: BuildOptions, host: Host): Promise<Distcc | undefined> {
  if (distcc === undefined) return undefined;
  return runTask(host, "find the hosts of distcc", async (below) =>
    openDistcc(distcc, { host: below, notice: below.task.notice }),
  );
}

/** Looks up which jobs have no cached result that can be used. */
async function findMissing(
  plan: Plan,
  cache: JobCache | undefined,
  roots: Roots,
  { host }: RunContext,
): Promise<Pick<Prepared, "plan" | "lookups" | "missing">> {
  const lookups = cache === undefined ? [] : await lookUp(plan, cache, { host, trees: treesOf(roots) });
  const cached = await takeResults(lookups, ({ result }) => result);
  return { plan, lookups, missing: plan.jobs.filter((job) => !cached.has(job.id)) };
}

/**
 * Checks the machine, and installs missing packages if the options say so. Throws "machine" with
 * everything that is missing.
 */
async function fit({ pipeline }: PlanInput, plan: Plan, options: BuildOptions, context: RunContext): Promise<void> {
  const { project, host } = context;
  const ids = plan.jobs.map((job) => job.id);
  const root = rootOf(options);
  const needs = machineNeeds(pipeline, ids, {
    provers: [],
    root,
    runner: options.runner,
    parallel: options.jobs,
    work: project.work,
    host,
  });
  const checks = await fitMachine(needs, { install: options.installDeps, ...context });
  assertFit(checks, options);
}

/**
 * Drops the bases that cannot be reached of sources that are needed. Throws "network" when a source
 * has none left.
 */
async function reach(
  input: PlanInput,
  missing: readonly PlannedJob[],
  asked: BuildOptions,
  context: RunContext,
): Promise<PlanInput> {
  const { project, machine, host } = context;
  const needed = new Set(missing.map((job) => job.source.name));
  const choices = Object.entries(input.bases).filter(([source]) => needed.has(source));
  const options = { work: project.work, refreshApt: asked.installDeps && machine.isRoot, host };
  const reached = await reachBases(makeRecord(choices), options);
  if (reached.failed.length > 0) throw await unreachable(reached.failed, input, asked, context);
  return { ...input, bases: { ...input.bases, ...reached.bases } };
}
