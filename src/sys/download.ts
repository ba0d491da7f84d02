import { BuildError } from "../errors.ts";
import { sha256 } from "./files.ts";

/** Milliseconds for a whole file. */
const limit = 120_000;

/** Fetches a small file by HTTP, whole, and checks its sha256. Throws "network" when it is not reached, "digest" when it is another file. */
export async function download(url: string, digest: string, signal: AbortSignal): Promise<Uint8Array> {
  const content = await get(url, AbortSignal.any([signal, AbortSignal.timeout(limit)])).catch((cause: unknown) => {
    signal.throwIfAborted();
    if (cause instanceof BuildError) throw cause;
    throw new BuildError("network", `${url} cannot be reached: ${reasonOf(cause)}.`, { cause });
  });
  const actual = sha256(content);
  if (actual !== digest) throw new BuildError("digest", `${url} has sha256 ${actual}, and ${digest} is declared.`);
  return content;
}

async function get(url: string, signal: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new BuildError("network", `${url} answered with status ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Node's fetch says what is wrong in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
