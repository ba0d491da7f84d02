import { BuildError } from "../errors.ts";
import { canSudo, installPackages, updateLists } from "../sys/apt.ts";
import type { MachineCheck } from "./check.ts";
import { checkMachine } from "./machine.ts";
import type { MachineNeeds } from "./needs.ts";
import type { RunnerName } from "../root/containers.ts";
import { hostRoot } from "../root/known.ts";
import { runTask } from "../sys/run-task.ts";
import type { Machine } from "./this-machine.ts";

export interface FitOptions {
  /** True to install missing Debian packages. */
  readonly install: boolean;
  readonly machine: Machine;
}

/**
 * Checks the machine; installs missing Debian packages if `install` is set, and then checks again.
 * An ordinary user installs by sudo, if that asks for no password. Throws "machine" when root is
 * needed to install, "network" when apt fails.
 */
export async function fitMachine(needs: MachineNeeds, { install, machine }: FitOptions): Promise<readonly MachineCheck[]> {
  const checkAll = async () => runTask(needs.host, "check this machine", async (host) => checkMachine({ ...needs, host }));
  const checks = await checkAll();
  const packages = [...new Set(checks.flatMap((check) => check.packages ?? []))];
  if (!install || packages.length === 0) return checks;
  const list = packages.join(" ");
  const bySudo = !machine.isRoot && (await canSudo(needs));
  if (!machine.isRoot && !bySudo)
    throw new BuildError("machine", `Only root can install packages. Missing: ${list}`, {
      hint: `sudo apt-get install --no-install-recommends ${list}`,
    });
  needs.host.task.notice(`Installing ${packages.length} Debian packages${bySudo ? " by sudo" : ""}: ${list}`);
  const options = { host: needs.host, bySudo };
  await updateLists(options);
  await installPackages(packages, options);
  return checkAll();
}

/** What is built in what, as the command line has it. */
interface Choice {
  readonly variant?: string;
  readonly arch?: string | undefined;
  readonly root: string;
  readonly runner?: RunnerName | undefined;
}

interface FitFor extends Choice {
  readonly target: string;
}

/**
 * Throws "machine" with everything that is missing, and how to fix it; "compiler" when the wrong
 * compiler is among it.
 */
export function assertFit(checks: readonly MachineCheck[], { target, ...choice }: FitFor): void {
  const missing = checks.filter((check) => check.status === "missing");
  if (missing.length === 0) return;
  const list = missing.map(({ name, found, wanted, fix }) => `  ${name}: ${found} (expected: ${wanted})\n    -> ${fix}`);
  const code = missing.some((check) => check.wrong) ? "compiler" : "machine";
  throw new BuildError(code, `This machine is not ready for the build.\n${list.join("\n")}`, {
    hint: `kovn-build doctor --target ${target}${choiceWords(choice)}, or as root the same command with --install-deps`,
  });
}

/** The words of a command line that name a variant, an architecture, a root and a runner; each has a space before it. */
export function choiceWords({ variant = "default", arch, root, runner = "bubblewrap" }: Choice): string {
  const words = [
    variant === "default" ? "" : ` --variant ${variant}`,
    arch === undefined ? "" : ` --arch ${arch}`,
    root === hostRoot ? "" : ` --root ${root}`,
    runner === "bubblewrap" ? "" : ` --runner ${runner}`,
  ];
  return words.join("");
}
