import type { Project } from "../config/project.ts";
import { BuildError } from "../errors.ts";
import { makePlan, plannedJobs, type Plan, type PlanInput } from "../plan/plan.ts";
import { refuseUnwritable } from "../release/dist.ts";
import type { Reporter } from "../report/reporter.ts";
import { reachBases } from "../run/bases.ts";
import { build, type BuildOptions } from "../run/build.ts";
import { fitMachine, refuseUnfit } from "../run/fit.ts";
import { startGuard } from "../sys/exec.ts";
import { readRequest, type Machine, type RequestOptions } from "./request.ts";

export interface BuildCommand extends RequestOptions {
  readonly out: string;
  readonly jobs: number;
  readonly installDeps: boolean;
}

export interface BuildSurroundings extends Pick<BuildOptions, "builder" | "host"> {
  readonly isRoot: boolean;
  readonly project: Project;
  readonly machine: Machine;
  readonly reporter: Reporter;
}

/** `kovn-build build`: read, plan, run. The plan is the first event; it is told again if a base had to be replaced. */
export async function buildCommand(
  options: BuildCommand,
  { project, machine, reporter, isRoot, ...surroundings }: BuildSurroundings,
): Promise<void> {
  const { host } = surroundings;
  await startGuard();
  const input = await readRequest(options, project, machine, host);
  const first = makePlan(input);
  reporter.emit({ event: "plan", ...first });
  await refuseUnwritable(options.out, first.target);
  const wants = {
    target: first.target,
    packages: [...new Set(first.jobs.flatMap((job) => job.packages))],
    jobs: first.jobs.length,
    parallel: options.jobs,
    work: project.work,
    host,
  };
  refuseUnfit(await fitMachine(wants, { install: options.installDeps, isRoot, emit: reporter.emit }), first.target);
  const reach = { work: project.work, refreshApt: options.installDeps && isRoot, host, emit: reporter.emit };
  const bases = await reachBases(input.bases, reach).catch((error: unknown) => {
    throw withOnlyHint(error, input);
  });
  const plan = makePlan({ ...input, bases });
  if (!samePlan(plan, first)) reporter.emit({ event: "plan", ...plan });
  await build({
    ...surroundings,
    plan,
    sources: input.sources,
    work: project.work,
    out: options.out,
    parallel: options.jobs,
    emit: reporter.emit,
  });
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
