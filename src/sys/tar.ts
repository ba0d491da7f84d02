/** Unpacks a tar archive (compressed or not) into `dir` without its first path part; links and paths that lead outside make it fail. */
export async function extractTar(file: string, dir: string): Promise<void> {
  const { extract } = await import("tar");
  // Read in pieces: its default of 16 MB at once unfolds to 180 MB of memory.
  await extract({ file, cwd: dir, strip: 1, strict: true, preserveOwner: false, maxReadSize: 256 * 1024 });
}
