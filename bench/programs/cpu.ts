import { readdir, readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { native, type Runner } from "../../src/prove/runner.ts";
import type { Sandbox } from "../../src/prove/sandbox.ts";

// What is measured is the time that a program computes (user and system), not the time that passes: beside a program that is idle
// half of the time, the latter would tell of the machine.

/** Runs what is measured on the last core alone, and everything else on the others. */
export function pinned(measured: readonly string[], cores: number): Runner {
  const last = cores - 1;
  const others = last === 0 ? "0" : `0-${last - 1}`;
  return {
    ...native,
    timeoutMs: 1_200_000,
    command: (path, args) => [
      "taskset",
      ["--cpu-list", measured.includes(basename(path)) ? String(last) : others, path, ...args],
    ],
  };
}

/** Seconds that a server of the sandbox has computed, all threads together (proc_pid_schedstat: nanoseconds). */
export async function serverSeconds(sandbox: Sandbox, program: string): Promise<number> {
  const tasks = `/proc/${await findServer(sandbox, program)}/task`;
  let sum = 0;
  for (const task of await readdir(tasks)) sum += Number((await readFile(`${tasks}/${task}/schedstat`, "utf8")).split(" ")[0]);
  return sum / 1e9;
}

/** The process of a server: it is called so, and works in the sandbox's folder. */
export async function findServer(sandbox: Sandbox, program: string): Promise<string> {
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    // Processes end while they are looked at.
    const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    if (name.trim() === program && folder === sandbox.dir) return pid;
  }
  throw new Error(`${program} does not run in ${sandbox.dir}`);
}

/** Runs a program that must succeed, without its output, and returns the seconds that it computed. */
export async function programSeconds(sandbox: Sandbox, path: string, args: readonly string[], cores: number): Promise<number> {
  const [program, words] = pinned([basename(path)], cores).command(path, args);
  const script = 'TIMEFORMAT="%3U %3S"; time "$@" > output';
  const said = await sandbox.run("/bin/bash", ["-c", script, "bash", program, ...words]);
  const [user, system] = said.stderr.trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
  if (said.exitCode !== 0 || user === undefined || system === undefined) throw new Error(`${program} failed: ${said.stderr}`);
  return user + system;
}
