import { BuildError } from "../errors.ts";
import { installPackages, updateLists } from "../sys/apt.ts";
import type { Emit } from "../run/events.ts";
import type { MachineCheck } from "./check.ts";
import { checkMachine, type MachineWants } from "./machine.ts";

export interface FitOptions {
  /** True when missing Debian packages are to be installed. */
  readonly install: boolean;
  readonly isRoot: boolean;
  readonly emit: Emit;
}

/**
 * Checks the machine, installs what is missing of Debian's packages when told to, and answers with how the machine is then. Throws
 * "machine" when only root could install, "network" when apt fails.
 */
export async function fitMachine(wants: MachineWants, options: FitOptions): Promise<readonly MachineCheck[]> {
  const checks = await checkMachine(wants);
  const packages = [...new Set(checks.flatMap((check) => check.packages ?? []))];
  if (!options.install || packages.length === 0) return checks;
  if (!options.isRoot)
    throw new BuildError("machine", `Only root can install packages. Missing are: ${packages.join(" ")}`, {
      hint: `sudo apt-get install --no-install-recommends ${packages.join(" ")}`,
    });
  options.emit({ event: "notice", message: `Installing ${packages.length} Debian packages: ${packages.join(" ")}` });
  await updateLists({ host: wants.host });
  await installPackages(packages, { host: wants.host });
  return checkMachine(wants);
}

/** Throws "machine" (or "usage", when something is there and the wrong one) with everything that is missing and the command that mends each, unless nothing is. */
export function assertFit(checks: readonly MachineCheck[], target: string): void {
  const missing = checks.filter((check) => check.status === "missing");
  if (missing.length === 0) return;
  const list = missing.map(({ name, found, wanted, fix }) => `  ${name}: ${found} (wanted: ${wanted})\n    -> ${fix}`);
  throw new BuildError(
    missing.some((check) => check.wrong) ? "usage" : "machine",
    `This machine lacks what the build needs.\n${list.join("\n")}`,
    {
      hint: `kovn-build doctor --target ${target}, or as root the same command with --install-deps`,
    },
  );
}
