import { git, type GitOptions } from "./git.ts";

/** A commit with its message. */
export interface Commit {
  readonly id: string;
  readonly subject: string;
  /** When it was committed: `2026-07-23`. */
  readonly date: string;
  /** Subject and body. */
  readonly message: string;
}

/** Reads the commits that `revisions` name (git-log(1)), newest first. Throws "build". */
export async function readCommits(revisions: readonly string[], options: GitOptions): Promise<readonly Commit[]> {
  const log = await git(["log", "-z", "--format=%H%x00%cs%x00%s%x00%B", ...revisions, "--"], options);
  const parts = log.split("\0");
  return Array.from({ length: Math.floor(parts.length / 4) }, (_, index) => {
    const [id = "", date = "", subject = "", message = ""] = parts.slice(4 * index, 4 * index + 4);
    return { id, date, subject, message };
  });
}

/** Lists a commit and all that it has below it. Throws "build". */
export async function listHistory(commit: string, options: GitOptions): Promise<readonly string[]> {
  return (await git(["rev-list", commit, "--"], options)).split("\n");
}
