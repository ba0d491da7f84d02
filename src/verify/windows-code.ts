import { BuildError } from "../errors.ts";
import { exec, type ExecResult, type Host, MissingProgram } from "../sys/exec.ts";
import type { Section } from "./elf.ts";

/** The names of MinGW-w64's programs begin with it; they read the programs that it makes. */
const mingw = "x86_64-w64-mingw32-";

/** The parts of a program for Windows that have instructions (objdump(1)). */
export async function windowsCode(path: string, host: Host): Promise<readonly Section[]> {
  const { stdout } = await runMingw("objdump", ["--section-headers", "--wide", path], host);
  // Rows like `  0 .text  0023b540  0000000140001000  0000000140001000  00000400  2**4  CONTENTS, CODE`.
  const rows = stdout.matchAll(/^ *\d+ (\S+) +([0-9a-f]+) +([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+) .*\bCODE\b/gm);
  return [...rows].map(([, name = "", size = "", address = "", offset = ""]) => ({
    name,
    address: Number.parseInt(address, 16),
    offset: Number.parseInt(offset, 16),
    size: Number.parseInt(size, 16),
  }));
}

/** Runs a program of MinGW-w64's binutils. Throws "machine" when it is not installed. */
export async function runMingw(name: "objdump" | "nm", args: readonly string[], host: Host): Promise<ExecResult> {
  return exec(`${mingw}${name}`, args, { host, env: { LC_ALL: "C" } }).catch((cause: unknown) => {
    if (!(cause instanceof MissingProgram)) throw cause;
    throw new BuildError("machine", `Program \`${mingw}${name}\` is not installed.`, {
      hint: "apt-get install binutils-mingw-w64-x86-64",
      cause,
    });
  });
}
