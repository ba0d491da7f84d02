import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256 } from "./files.ts";
import type { Free } from "./lock-file.ts";
import { errorCode } from "./processes.ts";

/**
 * Tries for so many milliseconds to take the lock of a path on Windows: a named pipe, which the
 * kernel frees when the process ends. Returns undefined when another process has it.
 */
export async function takePipe(
  path: string,
  { ms, signal }: { readonly ms: number; readonly signal: AbortSignal | undefined },
): Promise<Free | undefined> {
  const end = performance.now() + ms;
  for (;;) {
    const free = await listen(`\\\\.\\pipe\\kovn-build-${sha256(path)}`);
    if (free !== undefined || performance.now() >= end) return free;
    await sleep(100, undefined, { signal }).catch(() => signal?.throwIfAborted());
  }
}

async function listen(name: string): Promise<Free | undefined> {
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
