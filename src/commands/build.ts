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
import { build as buildPlan } from "../run/build.ts";
import { openCompilerCache, assertRemote } from "../compile/ccache.ts";
import { openDistcc } from "../compile/distcc.ts";
import { fitMachine, assertFit } from "../machine/fit.ts";
import { lookUp } from "../cache/lookup.ts";
import { startGuard, type Host } from "../sys/exec.ts";
import { Option } from "commander";
import type { Context } from "../program/context.ts";
import { examples, positive, requestOptions } from "../program/values.ts";
import type { Define } from "../program/verb.ts";
import { readRequest, type RequestOptions } from "../run/request.ts";

interface BuildFlags extends RequestOptions {
  readonly out: string;
  readonly jobs: number;
  readonly installDeps: boolean;
  /** False for a build that neither takes nor keeps anything. */
  readonly cache: boolean;
  readonly keepGoing: boolean;
  /** Where other machines' compilations are. */
  readonly remoteCache?: string;
  readonly json: boolean;
  readonly verbose: boolean;
}

/** `kovn-build build`: reads, plans and builds. */
export const build: Define = (command, context) => {
  requestOptions(command)
    .option("--jobs <n>", "parallel processes of a build step, and the most jobs at once", positive, context.cores)
    .option("--out <dir>", "folder for results", "dist")
    .option("--install-deps", "install missing Debian packages (needs root)", false)
    .option("--keep-going", "when a job fails, finish the jobs that do not need it", false)
    .addOption(
      new Option(
        "--remote-cache <url>",
        "share compilations with other machines: redis://HOST or http://HOST/PATH, as ccache's remote_storage",
      ).conflicts("cache"),
    )
    .option("--no-cache", "build everything; use no cached result and cache none")
    .option("--verbose", "show the output of all jobs", false)
    .addHelpText(
      "after",
      examples(
        ["kovn-build --target linux", "build Open vSwitch and OVN packages"],
        ["kovn-build --target linux --only ovs --install-deps", "build Open vSwitch; install what is missing, as root"],
      ),
    )
    .action(async (options: BuildFlags) => {
      const reporter = await context.report.ofBuild(options);
      try {
        await runBuild(options, context, reporter);
      } finally {
        await reporter.close();
      }
    });
};

/** The plan is the first event; it is reported again if a base had to be replaced. */
export async function runBuild(options: BuildFlags, context: Context, reporter: Reporter): Promise<void> {
  const { machine, host, version, node, actions, isRoot } = context;
  const project = await context.project();
  const builder = { name: "kovn-build", version, node, ...actions?.run };
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
  const plan = missing.length === 0 ? first : await prepare(first, missing, input, options, { project, reporter, isRoot, host });
  const remote = options.remoteCache;
  await buildPlan({
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
  options: BuildFlags,
  {
    project,
    reporter,
    isRoot,
    host,
  }: Pick<Context, "isRoot" | "host"> & { readonly project: Project; readonly reporter: Reporter },
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
