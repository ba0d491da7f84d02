import { StringDecoder } from "node:string_decoder";
import { BuildError } from "../errors.ts";
import { endTree, markName, ownMark, ownPlatform, type ProcessTree } from "./processes.ts";

/** What a program may see and what ends it: the allowed part of the environment, and the signal of the whole run. */
export interface Host {
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Takes secrets out of what a program printed, before it is logged or shown. */
  readonly mask?: (text: string) => string;
}

/** Receives whole lines as they arrive, many at a time; awaited, so a slow receiver slows the program. */
export type OnLines = (lines: readonly string[]) => Promise<void>;

export interface ExecOptions {
  readonly host: Host;
  readonly cwd?: string;
  /** Added to (and winning over) `host.env`; nothing else reaches the program. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** Milliseconds after which the program is ended. */
  readonly timeout?: number;
  /** Takes the output (both streams, in order of arrival) instead of collecting it; what the program leaves running is ended with it. */
  readonly onLines?: OnLines;
  /** True for a program that starts services which live on: it carries no mark, so that nobody takes them for what a build left. */
  readonly startsServices?: boolean;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A line that is longer is cut into pieces, so that a program which prints no line ends fills no memory. Characters. */
const longestLine = 64 * 1024;

let started = 0;

/**
 * Runs a program with a list of arguments (no shell) in a session of its own, and answers with its exit code and output.
 * Throws `BuildError` when the program is missing ("machine") or takes longer than `timeout` ("network": only network calls have one);
 * throws the signal's reason when the run is aborted, after all processes that came from the program have ended. A non-zero exit code is
 * an answer, not an error.
 */
export async function exec(program: string, args: readonly string[], options: ExecOptions): Promise<ExecResult> {
  const { host, cwd, input, timeout, onLines } = options;
  host.signal.throwIfAborted();
  const { execa } = await import("execa");
  const mark = options.startsServices === true ? undefined : `${ownMark}.${++started}`;
  const child = execa(program, args, {
    env: { ...host.env, ...options.env, ...(mark === undefined ? {} : { [markName]: mark }) },
    extendEnv: false,
    // A session of its own; on Windows it would be a window.
    detached: ownPlatform !== "win32",
    reject: false,
    stripFinalNewline: false,
    buffer: onLines === undefined,
    maxBuffer: 256 * 1024 * 1024,
    ...(cwd === undefined ? {} : { cwd }),
    ...(input === undefined ? { stdin: "ignore" as const } : { input }),
  });
  const tree: ProcessTree | undefined = child.pid === undefined ? undefined : { root: child.pid, mark };
  let late = false;
  let ending: Promise<void> | undefined;
  const end = () => {
    if (tree !== undefined) ending ??= ownPlatform === "win32" ? killTree(tree.root, child.exitCode !== null) : endTree(tree);
  };
  const timer = timeout === undefined ? undefined : setTimeout(() => ((late = true), end()), timeout);
  host.signal.addEventListener("abort", end, { once: true });
  try {
    if (onLines !== undefined) {
      child.once("exit", end);
      await Promise.all([deliver(child.stdout, onLines, host), deliver(child.stderr, onLines, host)]);
    }
    const result = await child;
    await ending;
    host.signal.throwIfAborted();
    if (late)
      throw new BuildError("network", `\`${program} ${args.join(" ")}\` gave no answer within ${(timeout ?? 0) / 1000} s.`);
    if (result.exitCode === undefined && result.signal === undefined) throw missingProgram(program, result);
    return { exitCode: result.exitCode ?? 128, stdout: result.stdout ?? "", stderr: result.stderr ?? "" };
  } catch (error) {
    end();
    await ending;
    throw error;
  } finally {
    clearTimeout(timer);
    host.signal.removeEventListener("abort", end);
  }
}

/** Like `exec`, for a program that need not be installed: undefined when it is not. */
export async function tryExec(program: string, args: readonly string[], options: ExecOptions): Promise<ExecResult | undefined> {
  return exec(program, args, options).catch((error: unknown) => {
    if (error instanceof BuildError && error.code === "machine") return undefined;
    throw error;
  });
}

/** On Windows nobody asks a program to end, and only children of living processes are found (taskkill, Microsoft's Windows commands). */
async function killTree(root: number, hasEnded: boolean): Promise<void> {
  // Its id may be another program's by now.
  if (hasEnded) return;
  const { execa } = await import("execa");
  await execa("taskkill", ["/t", "/f", "/pid", String(root)], { reject: false, stdin: "ignore", timeout: 3500 });
}

async function deliver(stream: AsyncIterable<Buffer>, onLines: OnLines, host: Host): Promise<void> {
  const decoder = new StringDecoder("utf8");
  const give = (text: string) => onLines((host.mask?.(text) ?? text).split("\n"));
  let rest = "";
  for await (const chunk of stream) {
    rest += decoder.write(chunk);
    const cut = rest.lastIndexOf("\n");
    if (cut >= 0) await give(rest.slice(0, cut));
    rest = rest.slice(cut + 1);
    if (rest.length < longestLine) continue;
    await give(rest);
    rest = "";
  }
  if (rest !== "") await give(rest);
}

function missingProgram(program: string, cause: unknown): BuildError {
  return new BuildError("machine", `Program \`${program}\` could not be started: is it installed?`, {
    hint: "kovn-build doctor --target linux",
    cause,
  });
}

/** Waits for the end of its input, that is of the process that started it; then ends what carries that process's mark, however often it forks. */
const guardScript = `read -r _
for round in 1 2 3 4 5 6 7 8 9 10; do
  files=$(grep -lsz "^$1" /proc/[0-9]*/environ)
  [ -n "$files" ] || exit 0
  for file in $files; do file=\${file#/proc/}; kill -KILL "\${file%/environ}" 2>&-; done
  sleep 0.1
done`;

/** Starts a small shell that outlives this process, even its \`kill -9\`, and then ends all programs that it left running. */
export async function startGuard(): Promise<void> {
  if (ownPlatform !== "linux") return;
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
