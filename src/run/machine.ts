import { BuildError } from "../errors.ts";
import type { Plan } from "../plan/plan.ts";
import { installPackages, installedPackages, updateLists } from "../sys/apt.ts";
import type { Host } from "../sys/exec.ts";
import type { Emit } from "./events.ts";

export interface MachineOptions {
  readonly installDeps: boolean;
  readonly isRoot: boolean;
  readonly host: Host;
  readonly emit: Emit;
}

/** Makes sure that the Debian packages of all jobs are there; installs them when told to. Throws "machine" with the command that does. */
export async function ensurePackages(plan: Plan, options: MachineOptions): Promise<void> {
  const { host, emit, installDeps, isRoot } = options;
  const wanted = [...new Set(plan.jobs.flatMap((job) => job.packages))];
  const installed = await installedPackages(wanted, { host });
  const missing = wanted.filter((name) => installed[name] === undefined);
  if (missing.length === 0) return;
  if (!installDeps) {
    throw new BuildError("machine", `Debian packages are missing: ${missing.join(" ")}`, {
      hint: "the same command with --install-deps (as root)",
    });
  }
  if (!isRoot)
    throw new BuildError("machine", "Only root can install packages (--install-deps).", {
      hint: `sudo apt-get install ${missing.join(" ")}`,
    });
  emit({ event: "notice", message: `Installing ${missing.length} Debian packages: ${missing.join(" ")}` });
  await updateLists({ host });
  await installPackages(missing, { host });
}
