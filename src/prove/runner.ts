import { mkdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { BuildError } from "../errors.ts";
import { exec, type ExecResult, type Host } from "../sys/exec.ts";

/** How to run built programs on this machine. */
export interface Runner {
  /** Time limit for a program, and for a state to be reached, in milliseconds. */
  readonly timeoutMs: number;
  /** The program and arguments that run a built program. */
  readonly command: (path: string, args: readonly string[]) => readonly [string, readonly string[]];
  /** An absolute path of this machine, as a built program sees it. */
  readonly path: (path: string) => string;
  readonly env: Readonly<Record<string, string>>;
  /** A program's output, with this machine's line ends. */
  readonly read: (result: ExecResult) => ExecResult;
  /** Stops what the programs run on. */
  readonly end: () => Promise<void>;
}

/** Runs programs directly. */
export const native: Runner = {
  timeoutMs: 30_000,
  command: (path, args) => [path, args],
  path: (path) => path,
  env: {},
  read: (result) => result,
  end: async () => undefined,
};

/**
 * Starts Wine with a Windows of its own in the folder `prefix`, apart from the user's Wine. It runs
 * until `end` is called or the run ends. Throws "machine" when Wine is missing or does not start
 * within `bootTime` milliseconds.
 */
export async function startWine(prefix: string, host: Host, bootTime = 180_000): Promise<Runner> {
  await mkdir(prefix, { recursive: true });
  const stop = new AbortController();
  // Programs find Wine's server through the folder for temporary files.
  const env = { WINEPREFIX: prefix, WINEDEBUG: "-all", DISPLAY: "", TMPDIR: prefix };
  const programs = { PATH: host.env["PATH"] ?? "", HOME: prefix, LC_ALL: "C", ...env };
  const inside = { ...host, env: programs, signal: AbortSignal.any([host.signal, stop.signal]) };
  await makeWindows(inside, bootTime);
  const printed: string[] = [];
  let isUp: () => void = () => undefined;
  const up = new Promise<"up">((resolve) => (isUp = () => resolve("up")));
  // A shell that waits for a command. Windows' own services run as long as it does. Otherwise the
  // first program would start them, and they would keep its output open forever. When the shell
  // ends early, `sleep` is killed too (kill(2): 0 is the group).
  const shell = exec("sh", ["-c", "sleep infinity | { wine cmd; kill 0; }"], {
    host: inside,
    onLines: async (lines) => {
      printed.push(...lines.filter((line) => line.trim() !== ""));
      if (printed.some((line) => line.startsWith("Microsoft Windows"))) isUp();
    },
  });
  const life = shell.then(
    () => "ended" as const,
    (error: unknown) => (stop.signal.aborted ? ("ended" as const) : Promise.reject(error)),
  );
  const end = async () => {
    stop.abort(new Error("Wine is no longer needed"));
    await life;
  };
  const state = await Promise.race([up, life, sleep(bootTime, "late" as const, { signal: inside.signal, ref: false })]);
  if (state !== "up") {
    await end();
    throw brokenWine(printed.findLast((line) => line.trim() !== "") ?? silence(bootTime));
  }
  return {
    timeoutMs: 90_000,
    // Drive Z is this machine's root.
    command: (path, args) => ["wine", [`Z:${path}`, ...args]],
    path: (path) => `Z:${path}`,
    env,
    read: ({ exitCode, stdout, stderr }) => ({ exitCode, stdout: unixLines(stdout), stderr: unixLines(stderr) }),
    end,
  };
}

/**
 * Creates the folders and settings of a new Windows, and waits until none of its processes runs.
 */
async function makeWindows(host: Host, bootTime: number): Promise<void> {
  for (const [program, arg] of [
    ["wine", ["wineboot", "--init"]],
    ["wineserver", ["-w"]],
  ] as const) {
    const { exitCode, stdout, stderr } = await exec(program, arg, { host, timeout: bootTime }).catch((error: unknown) => {
      if (!(error instanceof BuildError)) throw error;
      throw brokenWine(error.code === "network" ? silence(bootTime) : error.message);
    });
    const last = `${stdout}\n${stderr}`.split("\n").findLast((line) => line.trim() !== "");
    if (exitCode !== 0) throw brokenWine(last ?? `\`${program} ${arg.join(" ")}\` ended with exit code ${exitCode}`);
  }
}

function silence(bootTime: number): string {
  return `it was not ready within ${bootTime / 1000} s`;
}

function brokenWine(why: string): BuildError {
  return new BuildError("machine", `Wine does not start: ${why.trim()}`, {
    hint: "kovn-build doctor --target windows --fix (as root)",
  });
}

function unixLines(text: string): string {
  return text.replaceAll("\r\n", "\n");
}
