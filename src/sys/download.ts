import { BuildError } from "../errors.ts";
import { sha256 } from "./files.ts";

/** Time limit for a whole file, in milliseconds. */
const timeoutMs = 120_000;

/**
 * Downloads a small file into memory and checks its sha256. Throws "network" when it cannot be
 * downloaded, "digest" when the sha256 differs.
 */
export async function download(url: string, digest: string, signal: AbortSignal): Promise<Uint8Array> {
  const content = await get(url, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])).catch((cause: unknown) => {
    signal.throwIfAborted();
    if (cause instanceof BuildError) throw cause;
    throw new BuildError("network", `${url} cannot be downloaded: ${reasonOf(cause)}.`, { cause });
  });
  const actual = sha256(content);
  if (actual !== digest) throw new BuildError("digest", `${url} has sha256 ${actual}, expected ${digest}.`);
  return content;
}

async function get(url: string, signal: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new BuildError("network", `${url} returned status ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Node's fetch puts the reason into the error's cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
