import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { BuildError } from "../errors.ts";
import { endTree, markName, noteTree, ownMark, ownPlatform, startTimeout, type ProcessTree } from "./processes.ts";
import { readStatus, type Status } from "./status-lines.ts";
import type { Credentials } from "./credentials.ts";
import type { Task } from "./task.ts";

/** What all work gets that starts programs or takes time. */
export interface Host {
  /** The part of the environment that programs may see. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * The whole environment of the person, for what git does in their name and to reach a remote;
   * default: `env`.
   */
  readonly userEnv?: Readonly<Record<string, string>>;
  /** What repositories ask for, by the address that the person gave. */
  readonly credentials?: ReadonlyMap<string, Credentials>;
  /** Stops the whole run. */
  readonly signal: AbortSignal;
  /** The task that the work is part of. */
  readonly task: Task;
  /** Removes secrets from a program's output before it is logged or shown. */
  readonly mask?: (text: string) => string;
  /** Makes a value a secret from now on, such as the password in an address. */
  readonly hide?: (secret: string) => void;
}

/**
 * Receives whole lines as they arrive, many at a time. It is awaited, so a slow receiver slows the
 * program down.
 */
export type OnLines = (lines: readonly string[]) => Promise<void>;

export interface ExecOptions {
  readonly host: Host;
  readonly cwd?: string;
  /** Added to `host.env`, which it overrides. The program sees no other variables. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** How collected output becomes text: `latin1` makes a character of each byte. */
  readonly encoding?: "utf8" | "latin1";
  /** Time limit in milliseconds; the program is stopped then. */
  readonly timeout?: number;
  /**
   * Receives the output (both streams, in order of arrival), which is then not collected. Processes
   * that the program leaves running are stopped when it exits.
   */
  readonly onLines?: OnLines;
  /** Receives the program's progress; not together with `onLines`. */
  readonly status?: Status;
  /**
   * True for a program that starts services which keep running. It carries no mark, so these are
   * not mistaken for leftovers of a build.
   */
  readonly startsServices?: boolean;
  /** Keeps stdin open, without input, until the program or this process ends. */
  readonly holdsStdin?: boolean;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Characters. Longer lines are cut into pieces, so that output without line ends does not fill the
 * memory.
 */
const longestLine = 64 * 1024;
/** Characters at the end of a piece that wait for the next one: a secret may go on there. */
const longestSecret = 16 * 1024;

let started = 0;

/**
 * Runs a program with a list of arguments (no shell) in a session of its own, and returns its exit
 * code and output. A non-zero exit code is a result, not an error. Throws `BuildError` when the
 * program is missing or was killed ("machine"), or exceeds `timeout` ("network": only network calls
 * have one).
 * When the run is aborted, stops all processes that came from the program, then throws the signal's
 * reason.
 */
export async function exec(program: string, args: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const { host, cwd, input, timeout, onLines, status, encoding = "utf8" } = options;
  host.signal.throwIfAborted();
  const { execa } = await import("execa");
  const mark = options.startsServices === true ? undefined : `${ownMark}.${++started}`;
  const child = execa(program, args, {
    env: { ...host.env, ...options.env, ...(mark === undefined ? {} : { [markName]: mark }) },
    extendEnv: false,
    // A session of its own. On Windows this would open a window.
    detached: ownPlatform !== "win32",
    reject: false,
    stripFinalNewline: false,
    buffer: onLines !== undefined ? false : { fd2: status?.fd !== 2, ...(status?.fd === 3 ? { fd3: false } : {}) },
    encoding,
    maxBuffer: 256 * 1024 * 1024,
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? {} : { input }),
    stdio: [
      input === undefined && options.holdsStdin !== true ? "ignore" : "pipe",
      "pipe",
      "pipe",
      ...(status?.fd === 3 ? ["pipe" as const] : []),
    ],
  });
  const tree: ProcessTree | undefined = child.pid === undefined ? undefined : { root: child.pid, mark };
  let isLate = false;
  let ending: Promise<void> | undefined;
  const end = () => {
    if (tree !== undefined) ending ??= ownPlatform === "win32" ? killTree(tree.root, child.exitCode !== null) : endTree(tree);
  };
  const stopTimer = timeout === undefined ? undefined : startTimeout(() => ((isLate = true), end()), timeout);
  const forget = tree === undefined ? undefined : noteTree(tree);
  host.signal.addEventListener("abort", end, { once: true });
  try {
    if (onLines !== undefined) {
      child.once("exit", end);
      await Promise.all([deliver(child.stdout, onLines, host), deliver(child.stderr, onLines, host)]);
    }
    const stream = status === undefined ? undefined : (child.stdio[status.fd] as Readable | undefined);
    const lines = status === undefined || stream === undefined ? undefined : readStatus(stream, status);
    const [result, read] = await Promise.all([child, lines]);
    await ending;
    host.signal.throwIfAborted();
    if (isLate)
      throw new BuildError("network", `\`${program} ${args.join(" ")}\` did not finish within ${(timeout ?? 0) / 1000} s.`);
    if (result.exitCode === undefined && result.signal === undefined) throw new MissingProgram(program, result);
    if (result.signal === "SIGKILL") throw killedProgram(program);
    return {
      exitCode: result.exitCode ?? 128,
      stdout: result.stdout ?? "",
      stderr: (status?.fd === 2 ? read : result.stderr) ?? "",
    };
  } catch (error) {
    end();
    await ending;
    throw error;
  } finally {
    stopTimer?.();
    forget?.();
    host.signal.removeEventListener("abort", end);
  }
}

/** Like `exec`, but returns undefined when the program is not installed. */
export async function tryExec(program: string, args: readonly string[], options: ExecOptions): Promise<ExecResult | undefined> {
  return exec(program, args, options).catch((error: unknown) => {
    if (error instanceof MissingProgram) return undefined;
    throw error;
  });
}

/**
 * Windows has no signal that asks a program to stop, and taskkill finds only the children of
 * processes that still run (Microsoft's "Windows commands", taskkill).
 */
async function killTree(root: number, hasEnded: boolean): Promise<void> {
  // Another program may have its id by now.
  if (hasEnded) return;
  const { execa } = await import("execa");
  await execa("taskkill", ["/t", "/f", "/pid", String(root)], { reject: false, stdin: "ignore", timeout: 3500 });
}

async function deliver(stream: AsyncIterable<Buffer>, onLines: OnLines, host: Host): Promise<void> {
  const decoder = new StringDecoder("utf8");
  const hide = (text: string) => host.mask?.(text) ?? text;
  const pass = (text: string) => onLines(text.split("\n"));
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.write(chunk);
    const cut = rest.lastIndexOf("\n");
    if (cut >= 0) await pass(hide(rest.slice(0, cut)));
    rest = rest.slice(cut + 1);
    if (rest.length < longestLine) continue;
    const hidden = hide(rest);
    await pass(hidden.slice(0, -longestSecret));
    rest = hidden.slice(-longestSecret);
  }
  if (rest !== "") await pass(hide(rest));
}

/** The error for a program that somebody else killed: its end says nothing of what it was given. */
function killedProgram(program: string): BuildError {
  return new BuildError("machine", `Program \`${program}\` was killed (SIGKILL), as Linux does when memory is full.`, {
    hint: "free some memory, or start fewer processes at once (--jobs); dmesg has what was killed",
  });
}

/** A program that cannot be started. */
export class MissingProgram extends BuildError {
  constructor(program: string, cause: unknown) {
    const hint = "kovn-build doctor --target linux";
    super("machine", `Program \`${program}\` cannot be started. Is it installed?`, { hint, cause });
  }
}

/**
 * Waits until its input ends, which happens when the process that started it does. Then kills every
 * process with that process's mark, in rounds, since they may fork meanwhile.
 */
const guardScript = `read -r _
for round in 1 2 3 4 5 6 7 8 9 10; do
  files=$(grep -lsz "^$1" /proc/[0-9]*/environ)
  [ -n "$files" ] || exit 0
  for file in $files; do file=\${file#/proc/}; kill -KILL "\${file%/environ}" 2>&-; done
  sleep 0.1
done`;

let isGuarded = false;

/**
 * Starts a small shell that outlives this process, even after `kill -9`, and then kills the
 * programs that this process left running.
 */
export async function startGuard(): Promise<void> {
  if (ownPlatform !== "linux" || isGuarded) return;
  isGuarded = true;
  const { execa } = await import("execa");
  const guard = execa("sh", ["-c", guardScript, "kovn-build-guard", `${markName}=${ownMark}`], {
    detached: true,
    reject: false,
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
    extendEnv: false,
    env: { PATH: "/usr/bin:/bin" },
  });
  guard.unref();
  const input = guard.stdin as unknown as { unref?: () => void };
  input.unref?.();
}
