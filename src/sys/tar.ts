/** Unpacks a tar archive (compressed or not) into `dir` without its first path part; links and paths that lead outside make it fail. */
export async function extractTar(file: string, dir: string): Promise<void> {
  const { extract } = await import("tar");
  await extract({ file, cwd: dir, strip: 1, strict: true, preserveOwner: false });
}
