import { unknownName } from "../config/names.ts";
import { readPipeline } from "../config/pipeline.ts";
import type { Project } from "../config/project.ts";
import { assertSystem } from "../config/system.ts";
import { crossCompiles } from "../plan/cross.ts";
import { BuildError } from "../errors.ts";
import { plannedJobs } from "../plan/plan.ts";
import type { Emit } from "../run/events.ts";
import { fitMachine } from "../machine/fit.ts";
import type { MachineCheck } from "../machine/check.ts";
import type { Host } from "../sys/exec.ts";
import type { Machine } from "../run/request.ts";

export interface DoctorOptions {
  readonly target: string;
  readonly toolchain?: string;
  readonly only: readonly string[];
  readonly jobs: number;
  readonly fix: boolean;
  readonly json: boolean;
}

export interface DoctorSurroundings {
  readonly project: Project;
  readonly machine: Machine;
  readonly isRoot: boolean;
  readonly host: Host;
  readonly emit: Emit;
  readonly print: (text: string) => void;
}

/** `kovn-build doctor`: what the machine has and lacks for a target, and what mends it. Throws "machine" after its report when something is missing. */
export async function doctorCommand(options: DoctorOptions, surroundings: DoctorSurroundings): Promise<void> {
  const { project, machine, host, print } = surroundings;
  const { target } = options;
  const pipeline = await readPipeline(project, options, machine.system);
  assertSystem(pipeline, machine.system);
  for (const id of options.only) if (!Object.hasOwn(pipeline.jobs, id)) throw unknownName("Job", id, Object.keys(pipeline.jobs));
  const ids = plannedJobs(pipeline, options.only);
  const packages = [...new Set(ids.flatMap((id) => pipeline.jobs[id]?.packages ?? []))];
  const steps = ids.flatMap((id) => pipeline.jobs[id]?.steps ?? []);
  const more = { provers: pipeline.provers ?? [], crossCompiles: crossCompiles(steps) };
  const wants = {
    target,
    system: pipeline.host,
    packages,
    ...more,
    jobs: ids.length,
    parallel: options.jobs,
    work: project.work,
    host,
  };
  const checks = await fitMachine(wants, { ...surroundings, install: options.fix });
  print(options.json ? `${JSON.stringify({ schema: 1, checks }, undefined, 2)}\n` : checks.map(showCheck).join(""));
  const missing = checks.filter((check) => check.status === "missing");
  if (missing.length === 0) return;
  const mendable = missing.some((check) => check.packages !== undefined);
  throw new BuildError("machine", `This machine lacks ${missing.map((check) => check.name).join(", ")}.`, {
    hint: mendable ? `kovn-build doctor --target ${target} --fix (as root)` : "the commands above",
  });
}

function showCheck({ name, status, found, wanted, fix }: MachineCheck): string {
  const mend = fix === undefined ? "" : `           -> ${fix}\n`;
  return `${status.padEnd(7)}  ${name}: ${found} (wanted: ${wanted})\n${mend}`;
}
