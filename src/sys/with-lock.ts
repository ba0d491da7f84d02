import { once } from "node:events";
import { realpathSync } from "node:fs";
import { createServer } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256 } from "./files.ts";
import { errorCode, ownPlatform } from "./processes.ts";

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Called once when another process holds the lock. */
  readonly onWait?: () => void;
}

/**
 * Runs `work` while no other process runs its own for the same path. The lock is the name of an
 * abstract socket (unix(7); on Windows of a pipe), which the kernel frees when the process ends,
 * however it ends. Throws the signal's reason when aborted while waiting.
 */
export async function withLock<T>(path: string, { signal, onWait }: LockOptions, work: () => Promise<T>): Promise<T> {
  const name = socketName(`kovn-build-${sha256(truePath(resolve(path))).slice(0, 32)}`);
  if (name === undefined) return work();
  let free = await take(name);
  if (free === undefined) onWait?.();
  while (free === undefined) {
    await sleep(100, undefined, { signal }).catch(() => signal.throwIfAborted());
    free = await take(name);
  }
  try {
    return await work();
  } finally {
    await free();
  }
}

/**
 * The path without symbolic links, as far as it exists, so that two paths of a folder share a lock.
 */
function truePath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === dirname(path) ? path : join(truePath(dirname(path)), basename(path));
  }
}

/** On other systems names would stay behind, so there is no lock. */
function socketName(name: string): string | undefined {
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
