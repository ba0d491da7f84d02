import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BuildError } from "../errors.ts";
import { exec, type ExecResult, type Host } from "../sys/exec.ts";
import { quoteWords } from "../sys/quote.ts";
import { withTempDir } from "../sys/with-temp-dir.ts";
import { pathOf, type Programs } from "./programs.ts";
import type { Runner } from "./runner.ts";

/**
 * A private folder for the programs of one check: all their files are there, and no process
 * outlives it.
 */
export interface Sandbox {
  readonly dir: string;
  /** The environment of programs in it. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Runs a program (a found one by name, another one by path) until it ends, whatever its exit code
   * is.
   */
  readonly run: (name: string, args: readonly string[], options?: RunOptions) => Promise<ExecResult>;
  /** Runs a program that must succeed, and returns its stdout, trimmed. */
  readonly ask: (name: string, args: readonly string[], options?: RunOptions) => Promise<string>;
  /** Writes a script that runs a found program, for other scripts to start: only so has it its libraries. */
  readonly wrap: (name: string, file: string) => Promise<void>;
  /** Starts a program that runs until the sandbox ends. */
  readonly start: (name: string, args: readonly string[]) => void;
  /**
   * Calls `poll` until it returns something. Throws "build" when that takes too long, or when a
   * started program has ended.
   */
  readonly waitFor: <T>(what: string, poll: () => Promise<T | undefined>) => Promise<T>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
}

/** Milliseconds between two calls of `poll`. */
const pause = 50;

/**
 * Makes a sandbox for `use`, and stops everything in it afterwards, even when `use` fails or the
 * whole run is stopped.
 */
export async function withSandbox<T>(
  programs: Programs,
  runner: Runner,
  host: Host,
  use: (sandbox: Sandbox) => Promise<T>,
): Promise<T> {
  return withTempDir(join(tmpdir(), "kovn-prove-"), (dir) => runIn(dir, programs, runner, host, use));
}

async function runIn<T>(
  dir: string,
  programs: Programs,
  runner: Runner,
  host: Host,
  use: (sandbox: Sandbox) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const signal = AbortSignal.any([host.signal, stop.signal]);
  const inside = { ...host, env: environment(programs, runner, dir, host), signal };
  const started: Promise<void>[] = [];
  let ended: BuildError | undefined;
  const limit = runner.timeoutMs;
  const argument = (arg: string) => [dir, programs.root].reduce((text, path) => text.replace(path, runner.path(path)), arg);
  const command = (name: string, args: readonly string[]) =>
    isAbsolute(name) ? ([name, args] as const) : runner.command(pathOf(programs, name), args.map(argument));
  const run = async (name: string, args: readonly string[], { env = {} }: RunOptions = {}) =>
    runner.read(await exec(...command(name, args), { host: inside, cwd: dir, timeout: limit, env }));
  const sandbox: Sandbox = {
    dir,
    env: inside.env,
    run,
    ask: async (name, args, options) => {
      const result = await run(name, args, options);
      if (result.exitCode !== 0) throw ended ?? new BuildError("build", `\`${name} ${args.join(" ")}\` failed: ${says(result)}`);
      return result.stdout.trim();
    },
    wrap: async (name, file) => {
      const [program, args] = command(name, []);
      await writeFile(file, `#!/bin/sh\nexec ${quoteWords([program, ...args])} "$@"\n`, { mode: 0o755 });
    },
    start: (name, args) => {
      const life = exec(...command(name, args), { host: inside, cwd: dir }).then(runner.read);
      const note = (reason: string) => void (ended ??= new BuildError("build", `Program \`${name}\` ended early: ${reason}`));
      started.push(
        life.then(
          (result) => note(says(result)),
          (error: unknown) => note(String(error)),
        ),
      );
    },
    waitFor: async (what, poll) => {
      const end = performance.now() + limit;
      for (;;) {
        const answer = await poll();
        if (answer !== undefined) return answer;
        if (ended !== undefined) throw ended;
        if (performance.now() > end) throw new BuildError("build", `Not within ${limit / 1000} s: ${what}.`);
        await sleep(pause, undefined, { signal: inside.signal });
      }
    },
  };
  try {
    await mkdir(join(dir, "home"));
    return await use(sandbox);
  } finally {
    stop.abort(new Error("the sandbox ends"));
    await Promise.all(started);
  }
}

/** Makes the sandbox every folder that programs of OVS and OVN write to. */
function environment(programs: Programs, runner: Runner, dir: string, host: Host): Record<string, string> {
  const kinds = ["RUNDIR", "LOGDIR", "DBDIR", "SYSCONFDIR"];
  const folders = Object.fromEntries(
    kinds.flatMap((kind) => [`OVS_${kind}`, `OVN_${kind}`].map((name) => [name, runner.path(dir)])),
  );
  const libraries = programs.libraries.length === 0 ? {} : { LD_LIBRARY_PATH: programs.libraries.join(":") };
  const path = host.env["PATH"] === undefined ? {} : { PATH: host.env["PATH"] };
  return { ...path, HOME: join(dir, "home"), TMPDIR: dir, LC_ALL: "C", TZ: "UTC", ...folders, ...libraries, ...runner.env };
}

/** The last line that a program printed, or its exit code. */
function says(result: ExecResult): string {
  const line = `${result.stdout}\n${result.stderr}`.trim().split("\n").at(-1)?.trim() ?? "";
  return line === "" ? `exit code ${result.exitCode}` : line;
}
