import { resolve } from "node:path";
import { execa } from "execa";
import { runReady, type CliResult } from "./runners.ts";

export type { CliResult };

export const cli = resolve("build/cli.js");

/**
 * Runs the compiled program in a folder. Its environment has PATH, HOME and the given variables
 * only. A process that has loaded the program already runs it where there is one.
 */
export async function kovnBuild(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  const end = await runReady({ cwd, args, env: { ...ownEnv(cwd), ...env } });
  if (end === undefined) return spawnBuild(cwd, args, env);
  const [stdout, stderr] = [end.stdout, end.stderr].map((text) => text.replace(/\r?\n$/, "")) as [string, string];
  return { exitCode: end.exitCode, stdout, stderr };
}

/** Like `kovnBuild`, always in a process of its own: for tests of what a process is and has. */
export async function spawnBuild(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  return run(cwd, [process.execPath, cli, ...args], env);
}

function ownEnv(cwd: string): Readonly<Record<string, string>> {
  return { PATH: process.env["PATH"] ?? "", HOME: cwd };
}

/** Runs a program with its arguments. A non-zero exit code is a result, not an error. */
export async function run(
  cwd: string,
  [program = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  const options = { cwd, env: { ...ownEnv(cwd), ...env }, extendEnv: false, reject: false };
  const result = await execa(program, args, { ...options, stdin: "ignore" });
  return { exitCode: result.exitCode ?? 128, stdout: result.stdout, stderr: result.stderr };
}
