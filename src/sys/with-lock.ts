import { once } from "node:events";
import { realpathSync } from "node:fs";
import { createServer } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256 } from "./files.ts";
import { errorCode, ownPlatform } from "./processes.ts";

export interface LockOptions {
  readonly signal: AbortSignal;
  /** Called once when another process is at it. */
  readonly onWait?: () => void;
}

/**
 * Runs `work` while no other process runs its own for the same path. What keeps others out is a socket name of the kernel's (unix(7),
 * abstract; on Windows a pipe), which ends with its process however that dies: nothing stays behind. Throws the signal's reason when
 * aborted while it waits.
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

/** The path without symbolic links, as far as it exists: two ways to a folder are one. */
function truePath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === dirname(path) ? path : join(truePath(dirname(path)), basename(path));
  }
}

/** Elsewhere names would stay behind, so there nobody waits. */
function socketName(name: string): string | undefined {
  if (ownPlatform === "linux") return `\0${name}`;
  return ownPlatform === "win32" ? `\\\\.\\pipe\\${name}` : undefined;
}

/** What gives the name free again; undefined when another process has it. */
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
