import { mkdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { BuildError } from "../errors.ts";
import { exec, type ExecResult, type Host } from "../sys/exec.ts";

/** How built programs are run on this machine. */
export interface Runner {
  /** Milliseconds for one program, and for something to come true. */
  readonly timeoutMs: number;
  /** The program and arguments that run a built program. */
  readonly command: (path: string, args: readonly string[]) => readonly [string, readonly string[]];
  /** How a built program calls an absolute path of this machine. */
  readonly path: (path: string) => string;
  readonly env: Readonly<Record<string, string>>;
  /** What a program printed, with this machine's line ends. */
  readonly read: (result: ExecResult) => ExecResult;
  /** Ends what programs are run on. */
  readonly end: () => Promise<void>;
}

/** Runs programs as they are. */
export const native: Runner = {
  timeoutMs: 30_000,
  command: (path, args) => [path, args],
  path: (path) => path,
  env: {},
  read: (result) => result,
  end: async () => undefined,
};

/**
 * Starts a Windows of its own in the folder `prefix`, for Windows programs: nothing of the user's Wine is seen or changed. It runs until `end`,
 * or the run's end. Throws "machine" with the reason when Wine is missing, or does not start within `bootTime` milliseconds.
 */
export async function startWine(prefix: string, host: Host, bootTime = 180_000): Promise<Runner> {
  await mkdir(prefix, { recursive: true });
  const stop = new AbortController();
  // Programs of one Windows find its server by the folder for temporary files.
  const env = { WINEPREFIX: prefix, WINEDEBUG: "-all", DISPLAY: "", TMPDIR: prefix };
  const programs = { PATH: host.env["PATH"] ?? "", HOME: prefix, LC_ALL: "C", ...env };
  const inside = { ...host, env: programs, signal: AbortSignal.any([host.signal, stop.signal]) };
  await makeWindows(inside, bootTime);
  const said: string[] = [];
  let isUp: () => void = () => undefined;
  const up = new Promise<"up">((resolve) => (isUp = () => resolve("up")));
  // A shell that waits for its next command: while it runs, so do Windows' own services. Else the first program would start them, as heirs
  // of its output, which then has no end. When it ends early, so does `sleep` (kill(2): 0 is the group).
  const shell = exec("sh", ["-c", "sleep infinity | { wine cmd; kill 0; }"], {
    host: inside,
    onLines: async (lines) => {
      said.push(...lines.filter((line) => line.trim() !== ""));
      if (said.some((line) => line.startsWith("Microsoft Windows"))) isUp();
    },
  });
  const life = shell.then(
    () => "ended" as const,
    (error: unknown) => (stop.signal.aborted ? ("ended" as const) : Promise.reject(error)),
  );
  const end = async () => {
    stop.abort(new Error("Wine is not needed any more"));
    await life;
  };
  const state = await Promise.race([up, life, sleep(bootTime, "late" as const, { signal: inside.signal, ref: false })]);
  if (state !== "up") {
    await end();
    throw brokenWine(said.findLast((line) => line.trim() !== "") ?? silence(bootTime));
  }
  return {
    timeoutMs: 90_000,
    // Its drive Z is this machine's root.
    command: (path, args) => ["wine", [`Z:${path}`, ...args]],
    path: (path) => `Z:${path}`,
    env,
    read: ({ exitCode, stdout, stderr }) => ({ exitCode, stdout: unixLines(stdout), stderr: unixLines(stderr) }),
    end,
  };
}

/** Writes a new Windows' folders and settings, and waits until nothing of it runs any more. */
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
