import { basename } from "node:path";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { missingHardening, readPeHeader, x64 } from "./pe.ts";
import { runMingw } from "./windows-code.ts";

/**
 * Checks a program for Windows on x86-64: it imports only `dlls`, it is hardened, and it has no
 * time stamp. Returns the DLLs that it imports. Throws "build" with everything that is wrong.
 */
export async function checkWindowsProgram(path: string, dlls: readonly string[], host: Host): Promise<readonly string[]> {
  const name = basename(path);
  const imports = await importsOf(path, host);
  const known = new Set(dlls.map((dll) => dll.toLowerCase()));
  const problems = [
    ...imports.filter((dll) => !known.has(dll.toLowerCase())).map((dll) => `imports ${dll}, which is not a DLL of Windows`),
    ...(await headerProblems(path)),
  ];
  if (problems.length > 0) throw new BuildError("build", `Program \`${name}\` ${problems.join(", and ")}.`);
  return imports;
}

/** Names of the DLLs that a program imports (objdump(1)). */
async function importsOf(path: string, host: Host): Promise<readonly string[]> {
  const { exitCode, stdout } = await runMingw("objdump", ["--private-headers", path], host);
  if (exitCode !== 0) throw new BuildError("build", `Program \`${basename(path)}\` cannot be read by objdump.`);
  return [...stdout.matchAll(/^\s*DLL Name: (\S+)$/gm)].map(([, name = ""]) => name).toSorted();
}

async function headerProblems(path: string): Promise<readonly string[]> {
  const header = await readPeHeader(path);
  if (header === undefined || header.machine !== x64) return ["is not a program for Windows on x86-64"];
  return [...missingHardening(header).map((name) => `lacks ${name}`), ...(header.timestamp === 0 ? [] : ["has a time stamp"])];
}
