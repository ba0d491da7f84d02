import { BuildError } from "../errors.ts";
import type { Host } from "./exec.ts";
import { openFetch } from "./fetch.ts";
import { sha256 } from "./files.ts";
import { sayBytes } from "./say-bytes.ts";

/** Time limit for a whole file, in milliseconds. */
const timeoutMs = 120_000;
/** Bytes. */
const most = 256 * 1024 * 1024;

/**
 * Downloads a small file into memory, at most 256 MiB, and checks its sha256. Throws "network" when it cannot be
 * downloaded, "digest" when the sha256 differs.
 */
export async function download(url: string, digest: string, host: Host): Promise<Uint8Array> {
  const content = await downloadUnknown(url, host);
  const actual = sha256(content);
  if (actual !== digest) throw new BuildError("digest", `${url} has sha256 ${actual}, expected ${digest}.`);
  return content;
}

/** Downloads a file whose bytes nobody has declared. Throws "network". */
export async function downloadUnknown(url: string, host: Host): Promise<Uint8Array> {
  return get(url, host).catch((cause: unknown) => {
    host.signal.throwIfAborted();
    if (cause instanceof BuildError) throw cause;
    throw new BuildError("network", `${url} cannot be downloaded: ${cause instanceof Error ? cause.message : String(cause)}.`, {
      cause,
    });
  });
}

async function get(url: string, { env, signal, task }: Host): Promise<Uint8Array> {
  const fetch = await openFetch(env);
  task.say(`waiting for ${new URL(url).host}`);
  const ending = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const response = await fetch(url, { signal: ending, most, onPiece: sayBytes(task) });
  if (!response.ok) throw new BuildError("network", `${url} returned status ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
}
