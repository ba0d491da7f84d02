import { unknownName } from "../config/names.ts";
import { readPipeline } from "../config/pipeline.ts";
import { assertSystem } from "../config/system.ts";
import type { MachineCheck } from "../machine/check.ts";
import { fitMachine } from "../machine/fit.ts";
import { machineNeeds } from "../machine/needs.ts";
import { plannedJobs } from "../plan/plan.ts";
import type { ReadContext } from "./context.ts";
import type { RequestOptions } from "./request.ts";

export interface DoctorOptions extends Pick<RequestOptions, "target" | "toolchain" | "only"> {
  /** Parallel processes of a step. */
  readonly jobs: number;
  /** True to install missing Debian packages. */
  readonly fix: boolean;
}

/**
 * Checks what the jobs of a target need of this machine. Throws "usage" for a wrong target or job,
 * "machine" when root is needed to install packages, "network" when apt fails.
 */
export async function doctor(options: DoctorOptions, context: ReadContext): Promise<readonly MachineCheck[]> {
  const { project, machine, host } = context;
  const { only, jobs: parallel } = options;
  const pipeline = await readPipeline(project, options, machine.system);
  assertSystem(pipeline, machine.system);
  const jobs = Object.keys(pipeline.jobs);
  for (const id of only) if (!jobs.includes(id)) throw unknownName("Job", id, jobs);
  const { provers = [] } = pipeline;
  const around = { provers, publishes: true, parallel, work: project.work, host };
  const needs = machineNeeds(pipeline, plannedJobs(pipeline, only), around);
  return fitMachine(needs, { ...context, install: options.fix });
}
