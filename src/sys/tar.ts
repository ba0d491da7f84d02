import { BuildError, refusalOf } from "../errors.ts";

/**
 * Unpacks a tar archive (compressed or not) into `dir` without its first path part. Throws "digest" for one that is broken, or with links
 * or paths that lead outside.
 */
export async function extractTar(file: string, dir: string): Promise<void> {
  const { extract } = await import("tar");
  // Read in pieces: its default of 16 MB at once unfolds to 180 MB of memory.
  const options = { file, cwd: dir, strip: 1, strict: true, preserveOwner: false, maxReadSize: 256 * 1024 };
  await extract(options).catch((cause: unknown) => {
    if (refusalOf(cause) !== undefined) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError("digest", `Archive ${file} cannot be unpacked: ${reason}.`, { cause });
  });
}
