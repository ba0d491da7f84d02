import { BuildError } from "../errors.ts";
import { native, type Runner } from "../prove/runner.ts";
import { tryExec, type Host } from "../sys/exec.ts";
import { gnuCpu } from "../sys/gnu-cpu.ts";
import type { FloorCpu } from "./cpu.ts";

/**
 * Runs programs on a processor that QEMU imitates (qemu-user(1)), with the libraries of a root. An
 * instruction that the processor lacks ends them. Throws "machine" without QEMU.
 */
export async function startFloor({ arch, cpu }: FloorCpu, tree: string, host: Host): Promise<Runner> {
  const program = `qemu-${gnuCpu(arch)}-static`;
  if ((await tryExec(program, ["--version"], { host })) === undefined)
    throw new BuildError("machine", `Program \`${program}\`, which runs programs on an old processor, is not installed.`, {
      hint: "apt-get install --no-install-recommends qemu-user-static",
    });
  return {
    ...native,
    timeoutMs: 120_000,
    command: (path, args) => [program, ["-cpu", cpu, "-L", tree, path, ...args]],
  };
}
