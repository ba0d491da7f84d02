import { resolve } from "node:path";
import { execa } from "execa";

export const cli = resolve("build/cli.js");

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the compiled program in a folder. Its environment has PATH, HOME and the given variables
 * only.
 */
export async function kovnBuild(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  return run(cwd, [process.execPath, cli, ...args], env);
}

/** Runs a program with its arguments. A non-zero exit code is a result, not an error. */
export async function run(
  cwd: string,
  [program = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  const options = { cwd, env: { PATH: process.env["PATH"] ?? "", HOME: cwd, ...env }, extendEnv: false, reject: false };
  const result = await execa(program, args, { ...options, stdin: "ignore" });
  return { exitCode: result.exitCode ?? 128, stdout: result.stdout, stderr: result.stderr };
}
