import { once } from "node:events";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { truePath } from "./disk.ts";
import type { Host } from "./exec.ts";
import { sha256 } from "./files.ts";
import { errorCode, ownPlatform } from "./processes.ts";

export interface LockOptions {
  readonly host: Pick<Host, "signal" | "task">;
  /** What the process with the lock does, after "Another kovn-build", such as `fetches into DIR`. */
  readonly other: string;
}

/** Milliseconds until a person hears that a lock is not free. */
const quietMs = 1000;

/**
 * Runs `work` while no other process runs its own for the same path. The lock is the name of an
 * abstract socket (unix(7); on Windows of a pipe), which the kernel frees when the process ends,
 * however it ends. A wait of more than a second is a task and a notice. Throws the signal's reason
 * when aborted while waiting.
 */
export async function withLock<T>(path: string, { host, other }: LockOptions, work: () => Promise<T>): Promise<T> {
  const name = lockName(path);
  if (name === undefined) return work();
  const { signal, task } = host;
  let free = await takeWithin(name, quietMs, signal);
  if (free === undefined) {
    task.notice(`Another kovn-build ${other}: waiting for it.`);
    const wait = async () => takeWithin(name, Number.POSITIVE_INFINITY, signal);
    free = await task.run("wait for another kovn-build", wait);
  }
  try {
    return await work();
  } finally {
    await free?.();
  }
}

/** Tries to take the name for so many milliseconds. */
async function takeWithin(name: string, limit: number, signal: AbortSignal): Promise<(() => Promise<void>) | undefined> {
  const end = performance.now() + limit;
  for (;;) {
    const free = await take(name);
    if (free !== undefined || performance.now() > end) return free;
    await sleep(100, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/**
 * Runs `work` with the lock if no process holds it, this one included. Returns undefined otherwise,
 * and on systems without locks.
 */
export async function withFreeLock<T>(path: string, work: () => Promise<T>): Promise<T | undefined> {
  const name = lockName(path);
  const free = name === undefined ? undefined : await take(name);
  if (free === undefined) return undefined;
  try {
    return await work();
  } finally {
    await free();
  }
}

/** True while a process holds the lock of a path. */
export async function isLocked(path: string): Promise<boolean> {
  const name = lockName(path);
  if (name === undefined) return false;
  const free = await take(name);
  await free?.();
  return free === undefined;
}

/** Characters. libuv before 1.47 pads shorter names, so Node 20 and 22 would have other locks. */
const nameLength = 107;

/** The name of a path's lock; undefined on other systems, where names would stay behind. */
function lockName(path: string): string | undefined {
  const name = `kovn-build-${sha256(truePath(resolve(path)))}`.padEnd(nameLength, "-");
  if (ownPlatform === "linux") return `\0${name}`;
  return ownPlatform === "win32" ? `\\\\.\\pipe\\${name}` : undefined;
}

/** Takes the name and returns a function that frees it; undefined when another process has it. */
async function take(name: string): Promise<(() => Promise<void>) | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen(name);
    await once(server, "listening");
  } catch (error) {
    if (errorCode(error) === "EADDRINUSE") return undefined;
    throw error;
  }
  server.unref();
  return async () => {
    server.close();
    await once(server, "close");
  };
}
