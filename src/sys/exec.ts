import { BuildError } from "../errors.ts";
import { signalGroup } from "./processes.ts";

/** What a program may see and what ends it: the allowed part of the environment, and the signal of the whole run. */
export interface Host {
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface ExecOptions {
  readonly host: Host;
  readonly cwd?: string;
  /** Added to (and winning over) `host.env`; nothing else reaches the program. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Milliseconds after which the program is ended. */
  readonly timeout?: number;
  /** Receives each line of output (both streams, in order of arrival) instead of collecting it; awaited, so a slow receiver slows the program. */
  readonly onLine?: (line: string) => void | Promise<void>;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Milliseconds between SIGTERM and SIGKILL for a process group that is to end. */
const grace = 3000;

/**
 * Runs a program with a list of arguments (no shell) in a process group of its own, and answers with its exit code and output.
 * Throws `BuildError` when the program is missing ("machine") or takes longer than `timeout` ("network": only network calls have one);
 * throws the signal's reason when the run is aborted. A non-zero exit code is an answer, not an error.
 */
export async function exec(program: string, args: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const { host, cwd, input, timeout, onLine } = options;
  host.signal.throwIfAborted();
  const { execa } = await import("execa");
  const child = execa(program, args, {
    env: { ...host.env, ...options.env },
    extendEnv: false,
    detached: true,
    reject: false,
    stripFinalNewline: false,
    buffer: onLine === undefined,
    maxBuffer: 256 * 1024 * 1024,
    all: onLine !== undefined,
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? { stdin: "ignore" as const } : { input }),
  });
  const group = child.pid;
  let late = false;
  const end = () => {
    if (group !== undefined) endGroup(group);
  };
  const timer = timeout === undefined ? undefined : setTimeout(() => ((late = true), end()), timeout);
  host.signal.addEventListener("abort", end, { once: true });
  try {
    if (onLine !== undefined) for await (const line of child.iterable({ from: "all" })) await onLine(line);
    const result = await child;
    host.signal.throwIfAborted();
    if (late)
      throw new BuildError("network", `\`${program} ${args.join(" ")}\` gave no answer within ${(timeout ?? 0) / 1000} s.`);
    if (result.exitCode === undefined && result.signal === undefined) throw missingProgram(program, result);
    return { exitCode: result.exitCode ?? 128, stdout: result.stdout ?? "", stderr: result.stderr ?? "" };
  } finally {
    clearTimeout(timer);
    host.signal.removeEventListener("abort", end);
  }
}

function missingProgram(program: string, cause: unknown): BuildError {
  return new BuildError("machine", `Program \`${program}\` could not be started: is it installed?`, { cause });
}

function endGroup(group: number): void {
  signalGroup(group, "SIGTERM");
  setTimeout(() => signalGroup(group, "SIGKILL"), grace).unref();
}
