import { resolve } from "node:path";
import { gitSays, tryGit, type GitOptions } from "./git.ts";
import { currentMail, sayMail } from "./git-progress.ts";

/** A hunk that `git am` could not apply: the file, and the line where it was expected. */
export interface FailedHunk {
  readonly file: string;
  readonly line: number | undefined;
}

/** Why `git am` stopped, and at which mail (from 1). */
export interface AmFailure {
  readonly position: number;
  readonly hunks: readonly FailedHunk[];
  readonly output: string;
}

/**
 * Applies mails with `git am`: no fuzz, no three-way merge, carriage returns and tags such as
 * `[windows]` kept, the author's date as the committer's. Returns undefined when all apply. Else
 * the mails before the failed one are commits, and the work tree stays as it is, to be inspected.
 * The task says which mail git is at.
 */
export async function am(mails: readonly string[], options: GitOptions): Promise<AmFailure | undefined> {
  if (mails.length === 0) return undefined;
  const args = [
    "am",
    "--quiet",
    "--committer-date-is-author-date",
    "--no-3way",
    "--keep-cr",
    "--keep-non-patch",
    "--no-scissors",
    "--whitespace=nowarn",
  ];
  const { stdout } = await tryGit(["rev-parse", "--git-path", "rebase-apply/next"], options);
  const next = resolve(options.cwd ?? ".", stdout.trim());
  const end = sayMail(options.host.task, next, mails.length);
  const result = await tryGit([...args, ...mails], options).finally(end);
  if (result.exitCode === 0) return undefined;
  return { position: await currentMail(next), hunks: failedHunks(result.stderr), output: gitSays(result) };
}

function failedHunks(stderr: string): FailedHunk[] {
  const hunks: FailedHunk[] = [];
  for (const line of stderr.split("\n")) {
    const hunk = /^error: patch failed: (.+):(\d+)$/.exec(line);
    if (hunk?.[1] !== undefined) hunks.push({ file: hunk[1], line: Number(hunk[2]) });
    const other =
      /^error: (.+): (?:does not exist in index|already exists in index|No such file or directory|already exists in working directory)$/.exec(
        line,
      );
    if (other?.[1] !== undefined) hunks.push({ file: other[1], line: undefined });
  }
  return hunks;
}
