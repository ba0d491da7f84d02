import { BuildError } from "../errors.ts";
import { exec, type Host, MissingProgram } from "../sys/exec.ts";
import type { OnAbove } from "./x86.ts";

/**
 * Disassembles a program of arm64 with the features of the ceiling only (llvm-objdump(1)), and
 * reports every word that it does not know then. Returns the number of instructions.
 */
export async function findUnknownWords(path: string, features: string, host: Host, onAbove: OnAbove): Promise<number> {
  let instructions = 0;
  const onLines = async (lines: readonly string[]) => {
    for (const line of lines) {
      const [, address, text = ""] = /^ *([0-9a-f]+):\s+(.*)$/.exec(line) ?? [];
      if (address === undefined) continue;
      instructions++;
      if (text.startsWith("<unknown>")) onAbove(Number.parseInt(address, 16), "an extension of arm64");
    }
  };
  const args = ["--disassemble", "--no-show-raw-insn", "--triple=aarch64", `--mattr=${features}`, path];
  const { exitCode } = await exec("llvm-objdump", args, { host, onLines }).catch((cause: unknown) => {
    if (!(cause instanceof MissingProgram)) throw cause;
    throw new BuildError("machine", "Program `llvm-objdump` is not installed.", { hint: "apt-get install llvm", cause });
  });
  return exitCode === 0 ? instructions : 0;
}
