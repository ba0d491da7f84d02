import { tryGit, type GitOptions } from "../../sys/git.ts";

/** The version that the tree of a commit has in configure.ac; undefined if it has none. */
export async function versionAt(commit: string, options: GitOptions): Promise<string | undefined> {
  const { stdout } = await tryGit(["cat-file", "blob", `${commit}:configure.ac`], options);
  return /^AC_INIT\(\s*\[?[^,\]]+\]?\s*,\s*\[?(\d[A-Za-z0-9.+~-]*)\]?\s*[,)]/m.exec(stdout)?.[1];
}
