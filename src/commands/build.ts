import type { Project } from "../config/project.ts";
import { assertSystem } from "../config/system.ts";
import { crossCompiles } from "../plan/cross.ts";
import { BuildError } from "../errors.ts";
import type { Base } from "../plan/base.ts";
import { makePlan, plannedJobs, type Plan, type PlanInput, type PlannedJob } from "../plan/plan.ts";
import { assertWritable } from "../dist/write.ts";
import type { Reporter } from "../report/reporter.ts";
import { reachBases } from "../patches/bases.ts";
import { openCache, type JobCache } from "../cache/cache.ts";
import { cacheFolder } from "../cache/folder.ts";
import { build, type BuildOptions } from "../run/build.ts";
import { openCompilerCache, assertRemote } from "../compile/ccache.ts";
import { openDistcc } from "../compile/distcc.ts";
import { fitMachine, assertFit } from "../machine/fit.ts";
import { lookUp } from "../cache/lookup.ts";
import { startGuard, type Host } from "../sys/exec.ts";
import { readRequest, type Machine, type RequestOptions } from "../run/request.ts";

export interface BuildCommand extends RequestOptions {
  readonly out: string;
  readonly jobs: number;
  readonly installDeps: boolean;
  /** False for a build that neither takes nor keeps anything. */
  readonly cache: boolean;
  readonly keepGoing: boolean;
  /** Where other machines' compilations are. */
  readonly remoteCache?: string;
}

export interface BuildSurroundings extends Pick<BuildOptions, "builder" | "host"> {
  readonly isRoot: boolean;
  readonly project: Project;
  readonly machine: Machine;
  readonly reporter: Reporter;
}

/** `kovn-build build`: read, plan, run. The plan is the first event; it is told again if a base had to be replaced. */
export async function buildCommand(options: BuildCommand, surroundings: BuildSurroundings): Promise<void> {
  const { project, machine, reporter, builder, host } = surroundings;
  const { emit } = reporter;
  if (options.remoteCache !== undefined) assertRemote(options.remoteCache);
  await startGuard();
  const input = await readRequest(options, project, machine, host);
  assertSystem(input.pipeline, machine.system);
  const first = makePlan(input);
  emit({ event: "plan", ...first });
  if (first.jobs.some(({ id }) => input.pipeline.jobs[id]?.driver === true) && options.driver === undefined)
    emit({ event: "notice", message: "No driver is given, so none is in the installer (--driver DIR)." });
  await assertWritable(options.out, first.target);
  const notice = (message: string) => emit({ event: "notice", message });
  const distcc = options.distcc === undefined ? undefined : await openDistcc(options.distcc, { host, notice });
  const folder = cacheFolder(project.work);
  // Where dpkg does not rule, nobody knows what a result depends on.
  const isUsed = options.cache && machine.system === "linux";
  const cache = isUsed ? await openCache(folder, { signal: host.signal, notice }) : undefined;
  const missing = await missingJobs(first, cache, host);
  const plan = missing.length === 0 ? first : await prepare(first, missing, input, options, surroundings);
  const remote = options.remoteCache;
  await build({
    plan,
    sources: input.sources,
    inputs: input.inputs,
    work: project.work,
    out: options.out,
    parallel: options.jobs,
    keepGoing: options.keepGoing,
    cache,
    compilerCache: async () =>
      cache === undefined ? undefined : openCompilerCache({ cache: folder, remote, distcc, host, notice }),
    builder,
    host,
    emit,
  });
}

/** Jobs of which the cache has no result; all where there is no dpkg, which the check of the machine then says. */
async function missingJobs(plan: Plan, cache: JobCache | undefined, host: Host): Promise<readonly PlannedJob[]> {
  if (cache === undefined) return plan.jobs;
  const lookups = await lookUp(plan, cache, host).catch((error: unknown) => {
    if (error instanceof BuildError && error.code === "machine") return undefined;
    throw error;
  });
  return lookups?.flatMap(({ job, entry }) => (entry === undefined ? [job] : [])) ?? plan.jobs;
}

/** Makes the machine fit for what has to be built, and finds bases that can be reached; answers with the plan that uses them. */
async function prepare(
  first: Plan,
  missing: readonly PlannedJob[],
  input: PlanInput,
  options: BuildCommand,
  { project, reporter, isRoot, host }: BuildSurroundings,
): Promise<Plan> {
  const { emit } = reporter;
  const wants = {
    target: first.target,
    system: input.pipeline.host,
    packages: [...new Set(first.jobs.flatMap((job) => job.packages))],
    provers: [],
    crossCompiles: first.jobs.some((job) => crossCompiles(job.steps)),
    jobs: first.jobs.length,
    parallel: options.jobs,
    work: project.work,
    host,
  };
  assertFit(await fitMachine(wants, { install: options.installDeps, isRoot, emit }), first.target);
  const needed = new Set(missing.map((job) => job.source.name));
  const choices = Object.entries(input.bases).filter(([source]) => needed.has(source));
  const reach = { work: project.work, refreshApt: options.installDeps && isRoot, host, emit };
  const reached = await reachBases(Object.fromEntries(choices), reach).catch((error: unknown) => {
    throw withOnlyHint(error, input);
  });
  const bases: Readonly<Record<string, readonly Base[]>> = { ...input.bases, ...reached };
  const plan = makePlan({ ...input, bases });
  if (!samePlan(plan, first)) emit({ event: "plan", ...plan });
  return plan;
}

function samePlan(a: Plan, b: Plan): boolean {
  return a.jobs.every((job, index) => job.key === b.jobs[index]?.key);
}

/** A source that is out of reach need not stop jobs that do without it: names `--only` with those. */
function withOnlyHint(error: unknown, input: PlanInput): unknown {
  if (!(error instanceof BuildError) || error.hint === undefined) return error;
  const lost = /^Source `([^`]+)`/.exec(error.message)?.[1];
  const jobs = Object.keys(input.pipeline.jobs);
  const possible = jobs.filter((id) =>
    plannedJobs(input.pipeline, [id]).every((need) => input.pipeline.jobs[need]?.source !== lost),
  );
  const only = possible.map((id) => `--only ${id}`).join(" ");
  return only === ""
    ? error
    : new BuildError(error.code, error.message, { hint: `${error.hint}, or ${only}`, cause: error.cause });
}
