import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { statFields } from "./processes.ts";

/**
 * Overwrites the values of some variables where the kernel keeps this process's environment
 * (proc_pid_environ(5)), which the programs it starts can read; `delete process.env.NAME` leaves them
 * there. Does nothing where the system has no such place.
 */
export function wipeEnvironment(isSecret: (name: string, value: string) => boolean): void {
  // Fields 50 and 51 of proc_pid_stat(5): where the environment starts and ends.
  const [start = 0, end = 0] = statFields("self").slice(47, 49).map(Number);
  if (start === 0 || end <= start) return;
  try {
    const file = openSync("/proc/self/mem", "r+");
    try {
      let at = start;
      for (const entry of readFileSync("/proc/self/environ", "latin1").split("\0")) {
        const name = entry.split("=", 1)[0] ?? "";
        const value = Buffer.from(entry.slice(name.length + 1), "latin1");
        if (value.length > 0 && isSecret(name, value.toString())) writeSync(file, "*".repeat(value.length), at + name.length + 1);
        at += entry.length + 1;
      }
    } finally {
      closeSync(file);
    }
  } catch {
    // A kernel that allows no such write: SECURITY.md says what a build step can read then.
  }
}
