import { BuildError } from "../errors.ts";
import type { MachineCheck } from "../machine/check.ts";
import { choiceWords } from "../machine/fit.ts";
import type { Context } from "../program/context.ts";
import {
  archOption,
  examples,
  jsonOption,
  lineOption,
  onlyOption,
  positive,
  rootOption,
  runnerOption,
  targetOptions,
  variantOption,
} from "../program/values.ts";
import type { Define } from "../program/verb.ts";
import { doctor as checkFor, type DoctorOptions } from "../run/doctor.ts";
import { Json } from "../sys/json.ts";

interface DoctorFlags extends DoctorOptions {
  readonly json: boolean;
}

/** `kovn-build doctor`: shows what is missing on this machine, and how to fix it. */
export const doctor: Define = (command, context) => {
  targetOptions(command)
    .addOption(lineOption())
    .addOption(onlyOption())
    .addOption(variantOption())
    .addOption(rootOption())
    .addOption(runnerOption())
    .addOption(archOption())
    .option("--jobs <n>", "parallel processes of a build step", positive, context.machine.cores)
    .option("--fix", "install missing Debian packages, as root or by sudo", false)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["kovn-build doctor --target linux", "check the machine"],
        ["kovn-build doctor --target linux --fix", "install what is missing, as root"],
      ),
    )
    .action(async (options: DoctorFlags) => examine(options, context));
};

/** Prints the checks. Throws "machine" after them when something is missing. */
async function examine(options: DoctorFlags, context: Context): Promise<void> {
  const { machine, report, print } = context;
  const project = await context.project();
  const checks = await report.run(async ({ host }) => checkFor(options, { project, machine, host }));
  print(options.json ? new Json({ schema: 1, checks }) : checks.map(showCheck).join(""));
  const missing = checks.filter((check) => check.status === "missing");
  if (missing.length === 0) return;
  const isInstallable = missing.some((check) => check.packages !== undefined);
  throw new BuildError("machine", `Missing on this machine: ${missing.map((check) => check.name).join(", ")}.`, {
    hint: isInstallable
      ? `kovn-build doctor --target ${options.target}${choiceWords(options)} --fix (as root)`
      : "the commands above",
  });
}

function showCheck({ name, status, found, wanted, fix }: MachineCheck): string {
  const hint = fix === undefined ? "" : `           -> ${fix}\n`;
  return `${status.padEnd(7)}  ${name}: ${found} (expected: ${wanted})\n${hint}`;
}
