import type { GlobOptions } from "tinyglobby";

/** Finds the paths that match glob patterns. Loads the library when it is called first. */
export async function glob(patterns: string | readonly string[], options: GlobOptions): Promise<string[]> {
  const library = await import("tinyglobby");
  return library.glob(patterns, options);
}
