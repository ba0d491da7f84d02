import { join } from "node:path";
import { gnuCpu } from "../sys/gnu-cpu.ts";
import { readSystemText } from "../sys/read-file.ts";

/** Whether the kernel lets QEMU run programs of another architecture. */
export interface Emulation {
  readonly runs: boolean;
  /** What the kernel has. */
  readonly found: string;
  /** The command that makes it run them. */
  readonly fix: string;
}

/** Where the kernel lists what runs foreign programs (binfmt_misc). */
const lists = "/proc/sys/fs/binfmt_misc";

/** Reads whether the kernel lets QEMU run programs of another architecture, in roots as well. */
export function readEmulation(arch: string, folder = lists): Emulation {
  const name = `qemu-${gnuCpu(arch)}`;
  const entry = readSystemText(join(folder, name));
  // With flag F, the kernel has opened QEMU, which no root has.
  const runs = /^enabled$/m.test(entry) && /^flags: .*F/m.test(entry);
  return {
    runs,
    found: `${folder} has ${runs ? "an" : "no"} entry ${name} with flag F`,
    fix: `update-binfmts --enable ${name} (as root, from package binfmt-support; for a container, on its machine)`,
  };
}
