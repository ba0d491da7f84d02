import { git, gitSays, tryGit, type GitOptions } from "./git.ts";
import { gitPath } from "./git-path.ts";
import { currentMail, sayMail } from "./git-progress.ts";

/** A part of a patch that does not apply: a hunk, by the line where its old lines were, or a file. */
export interface FailedHunk {
  readonly file: string;
  readonly line: number | undefined;
  /** Why, in the case of a file. */
  readonly why: "missing" | "exists" | undefined;
}

/** Why `git am` stopped, and at which mail (from 1). */
export interface AmFailure {
  readonly position: number;
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
  const next = await gitPath("rebase-apply/next", options);
  const end = sayMail(options.host.task, next, mails.length);
  const result = await tryGit([...args, ...mails], options).finally(end);
  if (result.exitCode === 0) return undefined;
  return { position: currentMail(next), output: gitSays(result) };
}

/** A state of the files to try patches on: an index of its own, so that the work tree stays as it is. */
export interface Trial {
  /** Lists all parts of a patch that do not apply, or with `reverse`, that cannot be undone. */
  readonly failedHunks: (patch: string, direction?: "reverse") => Promise<readonly FailedHunk[]>;
  /** Applies a patch for the calls after this one. Returns false, and changes nothing, if it does not apply. */
  readonly apply: (patch: string) => Promise<boolean>;
  /** What git says about a patch that does not apply; undefined for one that does. Applies nothing. */
  readonly refusal: (patch: string) => Promise<string | undefined>;
  /** The id of the tree with what was applied. */
  readonly tree: () => Promise<string>;
}

/** Starts a trial on the files of a commit, in the repository of `options.cwd`. */
export async function startTrial(commit: string, options: GitOptions): Promise<Trial> {
  const index = await gitPath("kovn-build-trial", options);
  const trial = { ...options, env: { GIT_INDEX_FILE: index } };
  await git(["read-tree", commit], trial);
  const args = ["apply", "--cached", "--whitespace=nowarn"];
  return {
    async failedHunks(patch, direction) {
      // With `--reject`, git goes on after the first failure.
      const more = ["--check", "--reject", ...(direction === "reverse" ? ["--reverse"] : [])];
      return parseFailures((await tryGit([...args, ...more, patch], trial)).stderr);
    },
    async apply(patch) {
      return (await tryGit([...args, patch], trial)).exitCode === 0;
    },
    async refusal(patch) {
      const result = await tryGit([...args, "--check", patch], trial);
      return result.exitCode === 0 ? undefined : gitSays(result);
    },
    tree: async () => git(["write-tree"], trial),
  };
}

const fileFailures = [
  [/^error: (.+): (?:does not exist in index|No such file or directory)$/, "missing"],
  [/^error: (.+): already exists in (?:index|working directory)$/, "exists"],
  [/^error: (.+): (?:patch does not apply|does not match index)$/, undefined],
] as const;

function parseFailures(stderr: string): readonly FailedHunk[] {
  const found: FailedHunk[] = [];
  for (const row of stderr.split("\n")) {
    const [, file, line] = /^error: patch failed: (.+):(\d+)$/.exec(row) ?? [];
    if (file !== undefined) found.push({ file, line: Number(line), why: undefined });
    for (const [form, why] of fileFailures) {
      const other = form.exec(row)?.[1];
      if (other !== undefined && !found.some((hunk) => hunk.file === other)) found.push({ file: other, line: undefined, why });
    }
  }
  return found;
}
