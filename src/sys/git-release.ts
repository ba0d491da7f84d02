import { BuildError } from "../errors.ts";
import { git, gitSays, tryGit, type GitOptions } from "./git.ts";

/**
 * The tags of the repository whose top folder is `cwd`. Throws "usage" when `cwd` is not such a
 * folder.
 */
export async function listTags(options: GitOptions & { readonly cwd: string }): Promise<readonly string[]> {
  const prefix = await tryGit(["rev-parse", "--show-prefix"], options);
  if (prefix.exitCode !== 0 || prefix.stdout.trim() !== "") {
    const why = prefix.exitCode === 0 ? "it is inside another one" : gitSays(prefix);
    throw new BuildError("usage", `${options.cwd} is not the top folder of a git repository (${why}); releases are git tags.`);
  }
  return (await git(["tag", "--list"], options)).split("\n").filter((tag) => tag !== "");
}

/**
 * Writes the files below `paths`, as they were at a revision, into a tar archive (git-archive(1)).
 * Throws "build".
 */
export async function archive(revision: string, paths: readonly string[], file: string, options: GitOptions): Promise<void> {
  await git(["archive", "--format=tar", `--output=${file}`, revision, "--", ...paths], options);
}

/**
 * The commits after `from` up to `to`, newest first; undefined when the repository lacks one of the
 * two. Contacts no remote.
 */
export async function commitsBetween(
  from: string,
  to: string,
  options: GitOptions,
): Promise<readonly { readonly id: string; readonly subject: string }[] | undefined> {
  // A blobless clone would fetch a missing commit from its origin.
  const result = await tryGit(["-c", "protocol.allow=never", "log", "--format=%H %s", `${from}..${to}`, "--"], options);
  if (result.exitCode !== 0) return undefined;
  const rows = result.stdout.split("\n").filter((row) => row !== "");
  return rows.map((row) => ({ id: row.slice(0, 40), subject: row.slice(41) }));
}
