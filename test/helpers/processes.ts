import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** The command lines of running processes that contain `text`. */
export function processesWith(text: string): readonly string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return line.includes(text) ? [`${pid} ${line}`] : [];
    } catch {
      return [];
    }
  });
}

/** The state of a process, such as `S` or `T` for a stopped one; empty when it is gone (proc_pid_stat(5)). */
export function stateOf(pid: number): string {
  try {
    return /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? "";
  } catch {
    return "";
  }
}

/** Waits until `holds` returns true; throws after `timeoutMs` milliseconds. */
export async function until(what: string, holds: () => boolean, timeoutMs = 30_000): Promise<void> {
  for (const start = performance.now(); !holds();) {
    if (performance.now() - start > timeoutMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(20);
  }
}
