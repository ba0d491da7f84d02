import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { statFields } from "./processes.ts";

const environ = "/proc/self/environ";

/**
 * Overwrites the values of some variables where the kernel keeps this process's environment
 * (proc_pid_environ(5)), which the programs it starts can read; `delete process.env.NAME` leaves them
 * there. Returns the names of those that it could not overwrite: some kernels and sandboxes allow no
 * such write.
 */
export function wipeEnvironment(
  isSecret: (name: string, value: string) => boolean,
  memory = "/proc/self/mem",
): readonly string[] {
  // Fields 50 and 51 of proc_pid_stat(5): where the environment starts and ends.
  const [start = 0, end = 0] = statFields("self").slice(47, 49).map(Number);
  const entries = readEntries();
  const secrets = entries.filter(({ name, value }) => value.length > 0 && isSecret(name, value.toString()));
  if (secrets.length === 0) return [];
  try {
    const file = openSync(memory, "r+");
    try {
      if (start > 0 && end > start)
        for (const { at, name, value } of secrets) writeSync(file, "*".repeat(value.length), start + at + name.length + 1);
    } finally {
      closeSync(file);
    }
  } catch {
    // What is left says so.
  }
  const now = readEntries();
  return secrets
    .filter(({ at, value }) => now.find((one) => one.at === at)?.value.equals(value) ?? false)
    .map(({ name }) => name);
}

interface Entry {
  /** Bytes from the start of the environment. */
  readonly at: number;
  readonly name: string;
  readonly value: Buffer;
}

/** The environment as the kernel keeps it; empty where the system has no such place. */
function readEntries(): readonly Entry[] {
  let text = "";
  try {
    text = readFileSync(environ, "latin1");
  } catch {
    return [];
  }
  let at = 0;
  return text.split("\0").map((entry) => {
    const name = entry.split("=", 1)[0] ?? "";
    const found = { at, name, value: Buffer.from(entry.slice(name.length + 1), "latin1") };
    at += entry.length + 1;
    return found;
  });
}
