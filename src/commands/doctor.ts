import { assertSystem } from "../config/system.ts";
import { unknownName } from "../config/names.ts";
import { readPipeline } from "../config/pipeline.ts";
import { BuildError } from "../errors.ts";
import type { MachineCheck } from "../machine/check.ts";
import { fitMachine } from "../machine/fit.ts";
import { crossCompiles } from "../plan/cross.ts";
import { plannedJobs } from "../plan/plan.ts";
import type { Context } from "../program/context.ts";
import { examples, jsonOption, onlyOption, positive, targetOptions } from "../program/values.ts";
import type { Define } from "../program/verb.ts";

interface DoctorOptions {
  readonly target: string;
  readonly toolchain?: string;
  readonly only: readonly string[];
  readonly jobs: number;
  readonly fix: boolean;
  readonly json: boolean;
}

/** `kovn-build doctor`: says what is missing on the machine, and how to fix it. */
export const doctor: Define = (command, context) => {
  targetOptions(command)
    .addOption(onlyOption())
    .option("--jobs <n>", "parallel processes of a build step", positive, context.cores)
    .option("--fix", "install missing Debian packages (needs root)", false)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["kovn-build doctor --target linux", "check the machine"],
        ["kovn-build doctor --target linux --fix", "install what is missing, as root"],
      ),
    )
    .action(async (options: DoctorOptions) => examine(options, context));
};

/** Prints the checks. Throws "machine" after them when something is missing. */
async function examine(options: DoctorOptions, context: Context): Promise<void> {
  const { machine, host, isRoot, report, print } = context;
  const project = await context.project();
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
  const checks = await fitMachine(wants, { isRoot, emit: report.emit, install: options.fix });
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
