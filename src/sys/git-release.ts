import { BuildError } from "../errors.ts";
import { git, gitSays, tryGit, type GitOptions } from "./git.ts";

/**
 * The tags of the repository whose top folder is `cwd`. Throws "usage" when `cwd` is not such a
 * folder, and when the repository is a clone that has only some of the tags, or none.
 */
export async function listTags(options: GitOptions & { readonly cwd: string }): Promise<readonly string[]> {
  const { cwd } = options;
  const asked = await tryGit(["rev-parse", "--show-prefix", "--is-shallow-repository"], options);
  const [prefix, isShallow] = asked.stdout.split("\n");
  if (asked.exitCode !== 0 || prefix !== "") {
    const why = asked.exitCode === 0 ? "it is inside another one" : gitSays(asked);
    throw new BuildError("usage", `${cwd} is not the top folder of a git repository (${why}); releases are git tags.`);
  }
  if (isShallow === "true")
    throw new BuildError("usage", `${cwd} is a shallow clone, which need not have all tags; releases are git tags.`, {
      hint: `git -C ${cwd} fetch --unshallow --tags`,
    });
  const tags = (await git(["tag", "--list"], options)).split("\n").filter((tag) => tag !== "");
  const unfetched = tags.length > 0 ? undefined : await remoteWithoutTags(options);
  if (unfetched !== undefined)
    throw new BuildError("usage", `${cwd} is a clone without the tags of \`${unfetched}\`; releases are git tags.`, {
      hint: `git -C ${cwd} config --unset remote.${unfetched}.tagOpt && git -C ${cwd} fetch --tags ${unfetched}`,
    });
  return tags;
}

/** A remote whose tags are not fetched, as `git clone --no-tags` leaves it; undefined if there is none. */
async function remoteWithoutTags(options: GitOptions): Promise<string | undefined> {
  const { stdout } = await tryGit(["config", "--get-regexp", "^remote\\..*\\.tagopt$", "^--no-tags$"], options);
  return /^remote\.(.*)\.tagopt /.exec(stdout)?.[1];
}

/** True when the files below `paths` are the same at a revision and at HEAD. Throws "build". */
export async function isUnchanged(revision: string, paths: readonly string[], options: GitOptions): Promise<boolean> {
  return (await git(["diff", "--name-only", revision, "HEAD", "--", ...paths], options)) === "";
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
