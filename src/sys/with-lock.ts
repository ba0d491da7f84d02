import { basename, dirname, join, resolve } from "node:path";
import { truePath } from "./disk.ts";
import type { Host } from "./exec.ts";
import { exists } from "./files.ts";
import { readHolder, takeFile, type Free } from "./lock-file.ts";
import { takePipe } from "./lock-pipe.ts";
import { ownPlatform } from "./processes.ts";

export interface LockOptions {
  readonly host: Pick<Host, "signal" | "task">;
  /** What the process with the lock does, after "Another kovn-build", such as `fetches into DIR`. */
  readonly other: string;
}

/** The name of a folder's own lock file, which is there only while the lock is held. */
export const lockName = ".kovn.lock";

/** The lock of a folder, as a file in it: for a folder that stays, and may be a mount point. */
export function lockIn(folder: string): string {
  return join(folder, lockName);
}

/** The lock of a path, as a file beside it: for a file, or a folder that is made or replaced. */
export function lockBeside(path: string): string {
  const real = truePath(resolve(path));
  return join(dirname(real), `.${basename(real)}.lock`);
}

/** Milliseconds until a person hears that a lock is not free, and between looks at who has it. */
const quietMs = 1000;

/**
 * Runs `work` while no other process holds the lock of that file, which is made, and removed at the
 * end. The lock ends with its process, however that ends. Nobody can change anything in a folder
 * that does not exist or that this process may not write to: there, `work` runs without a lock. A
 * wait of more than a second is a task, and a notice names the process that holds the lock. Throws
 * "machine" when the file is not to be trusted, and the signal's reason when aborted while waiting.
 */
export async function withLock<T>(file: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const free = (await take(file, options.other, quietMs, options.host.signal)) ?? (await waitFor(file, options));
  try {
    return await work();
  } finally {
    await free();
  }
}

async function waitFor(file: string, { host, other }: LockOptions): Promise<Free> {
  const { signal, task } = host;
  let said: string | undefined;
  const announce = async () => {
    const holder = await readHolder(file);
    const message = `Another kovn-build ${holder?.does ?? other}: waiting for it${holder === undefined ? "" : ` (${holder.who})`}.`;
    // A holder that has just begun has not written its name yet.
    if (message !== said && (holder !== undefined || said === undefined)) task.notice(message);
    said = message;
  };
  await announce();
  return task.run("wait for another kovn-build", async () => {
    for (;;) {
      const free = await take(file, other, quietMs, signal);
      if (free !== undefined) return free;
      await announce();
    }
  });
}

/**
 * Runs `work` with the lock if no process holds it, this one included. Returns undefined otherwise,
 * and on systems without locks.
 */
export async function withFreeLock<T>(file: string, other: string, work: () => Promise<T>): Promise<T | undefined> {
  const free = hasLocks ? await take(file, other, 0) : undefined;
  if (free === undefined) return undefined;
  try {
    return await work();
  } finally {
    await free();
  }
}

/** True while a process holds the lock of a file. */
export async function isLocked(file: string): Promise<boolean> {
  if (ownPlatform === "linux" && !(await exists(file))) return false;
  const free = await take(file, "is looking", 0);
  await free?.();
  return free === undefined;
}

const hasLocks = ownPlatform === "linux" || ownPlatform === "win32";

/** Tries to take a lock for so many milliseconds; undefined when another process has it. */
async function take(file: string, does: string, ms: number, signal?: AbortSignal): Promise<Free | undefined> {
  if (ownPlatform === "linux") return takeFile(file, { does, ms, signal });
  return ownPlatform === "win32" ? takePipe(file, { ms, signal }) : async () => undefined;
}
