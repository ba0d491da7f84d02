import { aboutLine, describeLine, pickLine, readLines } from "../config/lines.ts";
import { unknownName } from "../config/names.ts";
import { readPipeline } from "../config/pipeline.ts";
import { assertVariant, forVariant } from "../config/variant.ts";
import type { Project } from "../config/project.ts";
import { assertSystem } from "../config/system.ts";
import type { MachineCheck } from "../machine/check.ts";
import { checkDistribution, isForMachine } from "../machine/check-distribution.ts";
import { fitMachine } from "../machine/fit.ts";
import { machineNeeds } from "../machine/needs.ts";
import { plannedJobs } from "../plan/plan.ts";
import { readEmulation } from "../root/emulation.ts";
import type { ReadContext } from "./context.ts";
import { assertArch, rootOf, type RequestOptions } from "./request.ts";

export interface DoctorOptions extends Pick<
  RequestOptions,
  "target" | "toolchain" | "line" | "only" | "variant" | "root" | "runner" | "arch"
> {
  /** Parallel processes of a step. */
  readonly jobs: number;
  /** True to install missing Debian packages. */
  readonly fix: boolean;
}

/**
 * Checks what the jobs of a target need of this machine, and whether the line is still supported.
 * Throws "usage" for a wrong target, line or job,
 * "machine" when root is needed to install packages, "network" when apt fails.
 */
export async function doctor(options: DoctorOptions, context: ReadContext): Promise<readonly MachineCheck[]> {
  const { project, machine, host } = context;
  const { only, runner, jobs: parallel } = options;
  const written = await readPipeline(project, options, machine.system);
  assertVariant(written, options.variant);
  const pipeline = forVariant(written, options.variant);
  assertSystem(pipeline, machine.system);
  const jobs = Object.keys(pipeline.jobs);
  for (const id of only) if (!jobs.includes(id)) throw unknownName("Job", id, jobs);
  const root = rootOf(options);
  const { arch } = options;
  const architectures = Object.keys(pipeline.flags[options.variant] ?? {});
  if (arch !== undefined && !architectures.includes(arch)) throw unknownName("Architecture", arch, architectures);
  assertArch({ root, runner, arch, target: options.target }, machine);
  const foreign = arch === machine.arch ? undefined : arch;
  const provers = [...(pipeline.provers ?? []), ...(foreign === undefined ? [] : ["qemu-user-static"])];
  const around = { provers, publishes: true, root, runner, parallel, work: project.work, host };
  const ids = plannedJobs(pipeline, only);
  const needs = machineNeeds(pipeline, ids, around);
  const about = await checkSupport(options.line, project);
  const own = isForMachine(pipeline, ids, root?.name) ? [checkDistribution(machine.distribution)] : [];
  const fits = await fitMachine(needs, { ...context, install: options.fix });
  return [...about, ...own, ...fits, ...(foreign === undefined ? [] : [checkEmulation(foreign)])];
}

/** Checks that the kernel lets QEMU run what is built for another architecture. */
function checkEmulation(arch: string): MachineCheck {
  const { runs, found, fix } = readEmulation(arch);
  const check = { name: `programs of ${arch}`, found, wanted: "run by QEMU, for `kovn-build patches prove --runner qemu`" };
  return runs ? { ...check, status: "ok" } : { ...check, status: "warning", fix };
}

/** Checks that the release that a line is for is supported, if the project says what it is for. */
async function checkSupport(asked: string | undefined, project: Project): Promise<readonly MachineCheck[]> {
  if (asked === undefined && (await readLines(project)).first === undefined) return [];
  const { about, ended, newer } = await aboutLine(project, await pickLine(project, asked));
  if (about.standsFor === undefined && about.supportedUntil === undefined) return [];
  const status = ended === undefined ? "ok" : "warning";
  const fix = newer === undefined ? {} : { fix: `--line ${newer}` };
  return [{ name: "line", status, found: describeLine(about), wanted: "a line that is supported", ...fix }];
}
