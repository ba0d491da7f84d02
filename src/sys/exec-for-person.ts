import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { MissingProgram, type ExecOptions, type ExecResult, type Host } from "./exec.ts";

/**
 * Runs a program for the person at the terminal: it reads what they type, and writes to stderr.
 * Returns its exit code, 128 if a signal ended it; an aborted run hangs it up.
 */
export async function execOnTerminal(
  program: string,
  args: readonly string[],
  { host, cwd, env = {} }: Pick<ExecOptions, "host" | "cwd" | "env">,
): Promise<number> {
  const { execa } = await import("execa");
  const options = { env: { ...env }, extendEnv: false, reject: false, cancelSignal: host.signal, killSignal: "SIGHUP" } as const;
  const result = await execa(program, args, {
    ...options,
    stdio: ["inherit", 2, "inherit"],
    ...(cwd === undefined ? {} : { cwd }),
  });
  if (result.exitCode === undefined && result.signal === undefined) throw new MissingProgram(program, result);
  return result.exitCode ?? 128;
}

/** Milliseconds to wait for the rest of what a program said, after it has ended. */
const restMs = 100;

/**
 * Runs a program that opens a window for the person. Resolves when it ends, with its exit code and
 * what it said, whatever it leaves running. Throws "machine" when it is not installed, and the
 * signal's reason.
 */
export async function execOnDesktop(
  program: string,
  args: readonly string[],
  { env, userEnv = env, signal }: Host,
): Promise<Pick<ExecResult, "exitCode" | "stderr">> {
  signal.throwIfAborted();
  const { execa } = await import("execa");
  // A session of its own: Ctrl-C ends the wait, and closes no window.
  const options = { env: { ...userEnv }, extendEnv: false, detached: true, reject: false, buffer: false } as const;
  const child = execa(program, args, { ...options, stdio: ["ignore", "ignore", "pipe"] });
  if (child.pid === undefined) throw new MissingProgram(program, await child);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const read = once(child.stderr, "end");
  try {
    await once(child, "exit", { signal }).catch(() => signal.throwIfAborted());
    // A window that stays open keeps the pipe open.
    await Promise.race([read, sleep(restMs)]);
    return { exitCode: child.exitCode ?? 128, stderr };
  } finally {
    read.catch(() => undefined);
    child.stderr.destroy();
    child.unref();
  }
}
