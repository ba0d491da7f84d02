import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { BuildError } from "../errors.ts";
import { exec, type ExecResult, type Host } from "./exec.ts";

/** Who commits, everywhere: with the author's dates this makes commit ids the same on every machine. */
const committer = { name: "kovn-build", email: "kovn-build@localhost" };

/** Settings that a user's or a machine's configuration could otherwise change the result with. */
const settings: readonly (readonly [string, string])[] = [
  // Repositories that somebody else owns are read too: a clone of a user's, built from by root.
  ["safe.directory", "*"],
  ["core.autocrlf", "false"],
  ["core.attributesFile", "/dev/null"],
  ["core.excludesFile", "/dev/null"],
  ["core.hooksPath", "/dev/null"],
  ["core.fsmonitor", "false"],
  ["core.quotePath", "false"],
  ["commit.gpgSign", "false"],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
  ["protocol.version", "2"],
  ["advice.detachedHead", "false"],
  // A connection that stands still is given up (git-config(1), http.lowSpeedLimit): bytes a second, seconds.
  ["http.lowSpeedLimit", "1000"],
  ["http.lowSpeedTime", "30"],
];

const fixedEnv: Readonly<Record<string, string>> = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  // What is missing is asked for by `fetchCommit`, once; git 2.39 would ask a shallow repository again and again, without end.
  GIT_NO_LAZY_FETCH: "1",
  GIT_COMMITTER_NAME: committer.name,
  GIT_COMMITTER_EMAIL: committer.email,
  LC_ALL: "C",
  TZ: "UTC",
  GIT_CONFIG_COUNT: String(settings.length),
  ...Object.fromEntries(
    settings.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ),
};

export interface GitOptions {
  readonly host: Host;
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds; for calls that reach a remote, which git itself would wait for without end. */
  readonly timeout?: number;
}

/** Runs git in a fixed environment (no user or system configuration, C locale, UTC) and answers whatever its exit code is. */
export async function tryGit(args: readonly string[], options: GitOptions): Promise<ExecResult> {
  return exec("git", args, { ...options, env: { ...fixedEnv, ...options.env } });
}

/** Like `tryGit`, but a non-zero exit code throws `BuildError` ("build") with what git said; answers with stdout, trimmed. */
export async function git(args: readonly string[], options: GitOptions): Promise<string> {
  const result = await tryGit(args, options);
  if (result.exitCode !== 0) throw new BuildError("build", `git ${args[0]} failed: ${gitSays(result)}`);
  return result.stdout.trim();
}

/** What git printed on stderr without its prefixes, warnings, hints and advice, for a person. */
export function gitSays(result: ExecResult): string {
  const noise =
    /^$|^(warning|hint):|^Could not read from remote|^Please make sure|^and the repository exists|^Patch failed at|^When you have|^If you prefer|^To restore/;
  const lines = result.stderr.split("\n").map((line) => line.trim().replace(/^(fatal|error): /, ""));
  return lines.filter((line) => !noise.test(line)).join("\n") || `exit code ${result.exitCode}`;
}

/** How git serves a repository of this machine: whoever owns it (its own check sees no setting of ours in the environment). */
function servedFrom(url: string): readonly string[] {
  return /^(\/|file:)/.test(url) ? ["--upload-pack=git -c safe.directory=* upload-pack"] : [];
}

/** Finds out whether a repository can be read and holds anything: answers with what is wrong, or undefined. */
export async function askRepository(url: string, options: GitOptions): Promise<string | undefined> {
  const result = await tryGit(["ls-remote", "--quiet", ...servedFrom(url), "--", url, "HEAD", "refs/heads/*"], options);
  if (result.exitCode !== 0) return gitSays(result);
  // A web page that answers everything looks to git like an empty repository.
  return result.stdout.trim() === "" ? "there is no branch" : undefined;
}

/**
 * Makes a bare or normal repository that fetches from `url` without the file contents it does not ask for (a blobless partial clone;
 * gitrepository-layout, git-fetch(1) `--filter`). Calling it again changes nothing.
 */
export async function initBlobless(dir: string, url: string, options: GitOptions & { readonly bare: boolean }): Promise<void> {
  const { bare, ...rest } = options;
  await git(["init", "--quiet", "--template=", ...(bare ? ["--bare"] : ["--initial-branch=kovn"]), dir], rest);
  const config = {
    "remote.origin.url": url,
    "remote.origin.promisor": "true",
    "remote.origin.partialclonefilter": "blob:none",
    "extensions.partialClone": "origin",
    "core.repositoryFormatVersion": "1",
    // The mirror itself serves partial fetches of any commit to work trees.
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
  };
  for (const [key, value] of Object.entries(config)) await git(["config", key, value], { ...rest, cwd: dir });
}

/** Ids of objects that the tree of `commit` needs and the repository lacks; asks no remote. */
async function missingObjects(commit: string, options: GitOptions): Promise<string[]> {
  const listed = await git(["rev-list", "--objects", "--no-object-names", "--missing=print", "--no-walk", commit], options);
  return listed.split("\n").flatMap((line) => (line.startsWith("?") ? [line.slice(1)] : []));
}

/**
 * Fetches one commit with as much of its history as there is, and the contents of its tree, from the repository's origin at `url`. Throws
 * "network" when that fails.
 */
export async function fetchCommit(commit: string, url: string, options: GitOptions): Promise<void> {
  const fetchOnce = [
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--recurse-submodules=no",
    "--update-shallow",
    "--filter=blob:none",
    ...servedFrom(url),
    "origin",
  ];
  const history = await tryGit([...fetchOnce, commit], options);
  if (history.exitCode !== 0) throw new BuildError("network", `Commit ${commit} could not be fetched: ${gitSays(history)}`);
  const missing = await missingObjects(commit, options);
  if (missing.length === 0) return;
  const contents = await tryGit([...fetchOnce, "--stdin"], { ...options, input: `${missing.join("\n")}\n` });
  if (contents.exitCode !== 0)
    throw new BuildError("network", `File contents of ${commit} could not be fetched: ${gitSays(contents)}`);
}

/** One line of `git am`'s complaint: the file, and the line where the hunk was expected. */
export interface FailedHunk {
  readonly file: string;
  readonly line: number | undefined;
}

/** Why and at which mail (from 1) `git am` stopped. */
export interface AmFailure {
  readonly position: number;
  readonly hunks: readonly FailedHunk[];
  readonly output: string;
}

/**
 * Applies mails with `git am` (no fuzz, no three-way merge, carriage returns kept), the committer's date being the author's. Answers with
 * undefined when all did; else the mails before the one that failed are commits, and the work tree stays so, to be looked at.
 */
export async function am(mails: readonly string[], options: GitOptions): Promise<AmFailure | undefined> {
  if (mails.length === 0) return undefined;
  const args = [
    "am",
    "--quiet",
    "--committer-date-is-author-date",
    "--no-3way",
    "--keep-cr",
    "--no-scissors",
    "--whitespace=nowarn",
  ];
  const result = await tryGit([...args, ...mails], options);
  if (result.exitCode === 0) return undefined;
  const next = await tryGit(["rev-parse", "--git-path", "rebase-apply/next"], options);
  const position = await currentMail(next.stdout.trim(), options);
  return { position, hunks: failedHunks(result.stderr), output: gitSays(result) };
}

async function currentMail(file: string, options: GitOptions): Promise<number> {
  return Number(await readFile(resolve(options.cwd ?? ".", file), "utf8").catch(() => "1"));
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

/** A patch's stable id (git-patch-id(1)): the same for the same change whatever its line numbers. Empty for a patch without a diff. */
export async function patchId(patch: string | Uint8Array, options: GitOptions): Promise<string> {
  return (await git(["patch-id", "--stable"], { ...options, input: patch })).split(" ")[0] ?? "";
}
