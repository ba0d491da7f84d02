import { exec, type Host } from "../sys/exec.ts";
import type { Program } from "./program.ts";
import { runMingw } from "./windows-code.ts";

/** Says in which function an address is; undefined before the first one, and in a program without names. */
export type FunctionAt = (address: number) => string | undefined;

/** Reads the names of a program's functions (nm(1)), from its debug information where it is stripped. */
export async function readFunctions({ format, debug, path }: Program, host: Host): Promise<FunctionAt> {
  const args = ["--numeric-sort", "--defined-only", debug ?? path];
  const { stdout } = format === "elf" ? await exec("nm", args, { host, env: { LC_ALL: "C" } }) : await runMingw("nm", args, host);
  // Names of sections, and arm64's marks of code (`$x`), are not functions.
  const rows = [...stdout.matchAll(/^([0-9a-f]+) [tTwWiI] ([^.$\s]\S*)$/gm)];
  const names = rows.map(([, address = "", name = ""]) => ({ address: Number.parseInt(address, 16), name }));
  return (address) => {
    let [low, high] = [0, names.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((names[middle]?.address ?? Infinity) <= address) low = middle + 1;
      else high = middle;
    }
    return names[low - 1]?.name;
  };
}
