import { realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { GlobOptions } from "tinyglobby";
import { UnusableFile } from "../errors.ts";

/** Finds the paths that match glob patterns. Loads the library when it is called first. */
export async function glob(patterns: string | readonly string[], options: GlobOptions): Promise<string[]> {
  const library = await import("tinyglobby");
  return library.glob(patterns, options);
}

/**
 * Finds the files below a folder that match glob patterns. Throws `UnusableFile` for one that is
 * outside of it: a pattern may spell `..` in many ways, and a symbolic link may lead anywhere. A
 * file that is a link itself counts where the link is.
 */
export async function globInside(
  patterns: string | readonly string[],
  folder: string,
  options: GlobOptions = {},
): Promise<string[]> {
  const names = await glob(patterns, { ...options, cwd: folder, onlyFiles: true });
  const root = await realpath(folder);
  const folders = new Set(names.map((name) => dirname(name)));
  for (const inside of folders) {
    const real = await realpath(join(folder, inside));
    // A name with `..` is refused also where it leads back.
    if (inside.split("/").includes("..") || !isBelow(real, root))
      throw new UnusableFile(join(folder, inside), `it is outside of ${folder}`);
  }
  return names;
}

/** True for a real path that is a folder or below it. */
function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder + sep);
}
