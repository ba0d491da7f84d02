import { BuildError } from "../errors.ts";
import { exec, type ExecResult, type Host } from "./exec.ts";
import { isProgress, sayProgress } from "./git-progress.ts";
import { withoutShapes } from "./secret-shapes.ts";
import type { Status } from "./status-lines.ts";

/** The committer, always. With the author's dates it makes commit ids the same on every machine. */
const committer = { name: "kovn-build", email: "kovn-build@localhost" };

type Setting = readonly [key: string, value: string];

/**
 * Settings that could change the result if they came from the user's or the machine's
 * configuration.
 */
const settings: readonly Setting[] = [
  // Repositories of other users are read too: root may build from a user's clone.
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
  // A stalled connection is closed (git-config(1), http.lowSpeedLimit): bytes a second, seconds.
  ["http.lowSpeedLimit", "1000"],
  ["http.lowSpeedTime", "30"],
];

const fixedEnv: Readonly<Record<string, string>> = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_TERMINAL_PROMPT: "0",
  // `fetchCommit` fetches missing objects, once. git 2.39 would ask a shallow repository forever.
  GIT_NO_LAZY_FETCH: "1",
  GIT_COMMITTER_NAME: committer.name,
  GIT_COMMITTER_EMAIL: committer.email,
  LC_ALL: "C",
  TZ: "UTC",
};

/** Settings as environment variables (git-config(1), GIT_CONFIG_COUNT). */
function settingsEnv(all: readonly Setting[]): Readonly<Record<string, string>> {
  const pairs = all.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(all.length), ...Object.fromEntries(pairs) };
}

export interface GitOptions {
  readonly host: Host;
  readonly cwd?: string;
  readonly input?: string | Uint8Array;
  /** `latin1` for output that must stay the bytes that it is. */
  readonly encoding?: "latin1";
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds. For calls to a remote: git itself has no time limit. */
  readonly timeout?: number;
  readonly status?: Status;
  /** Settings for this call. */
  readonly settings?: readonly Setting[];
}

/**
 * Runs git in a fixed environment: no user or system configuration, C locale, UTC. Returns whatever
 * the exit code is.
 */
export async function tryGit(args: readonly string[], options: GitOptions): Promise<ExecResult> {
  const all = [...settings, ...(options.settings ?? [])];
  return exec("git", args, { ...options, env: { ...fixedEnv, ...settingsEnv(all), ...options.env } });
}

/**
 * Like `tryGit`, but returns stdout, trimmed, and throws "build" with git's message for a non-zero
 * exit code.
 */
export async function git(args: readonly string[], options: GitOptions): Promise<string> {
  const result = await tryGit(args, options);
  if (result.exitCode !== 0) throw new BuildError("build", `git ${args[0]} failed: ${gitSays(result)}`);
  return result.stdout.trim();
}

/**
 * Like `git`, but returns the bytes of stdout as they are: paths, contents and messages are not
 * always UTF-8.
 */
export async function gitBytes(args: readonly string[], options: GitOptions): Promise<Buffer> {
  const result = await tryGit(args, { ...options, encoding: "latin1" });
  if (result.exitCode !== 0) throw new BuildError("build", `git ${args[0]} failed: ${gitSays(result)}`);
  return Buffer.from(result.stdout, "latin1");
}

/** git's error message without prefixes, progress, warnings, hints, advice and secrets, for people. */
export function gitSays(result: ExecResult): string {
  const noise =
    /^$|^(warning|hint):|^Could not read from remote|^Please make sure|^and the repository exists|^Patch failed at|^When you have|^If you prefer|^To restore/;
  const lines = result.stderr.split("\n").map((line) => line.trim().replace(/^(fatal|error): /, ""));
  const said = lines.filter((line) => !noise.test(line) && !isProgress(line)).join("\n");
  return withoutShapes(said) || `exit code ${result.exitCode}`;
}

/**
 * Arguments to fetch from a local repository of any owner. The process that serves it does not see
 * our settings in the environment.
 */
function servedFrom(url: string): readonly string[] {
  return /^(\/|file:)/.test(url) ? ["--upload-pack=git -c safe.directory=* upload-pack"] : [];
}

/** git's variables that say how to reach a remote (git(1)). They cannot change what a commit id stands for. */
const transport = /^GIT_(SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|ALLOW_PROTOCOL|PROXY_COMMAND|(HTTP|SSL|PROXY_SSL)_\w+)$/;

/** Runs git where it talks to the remote at `url`: with what the person's git would need to reach it. */
async function tryRemoteGit(url: string, args: readonly string[], options: GitOptions): Promise<ExecResult> {
  const { host } = options;
  const seen = Object.entries(host.userEnv ?? host.env).filter(([name]) => !name.startsWith("GIT_") || transport.test(name));
  const { env, settings: login } = credentialHelper(url, host);
  return tryGit(args, { ...options, env, settings: login, host: { ...host, env: Object.fromEntries(seen) } });
}

/**
 * Gives git the credentials of an address, for that server only, as gitcredentials(7) says. They
 * are in git's environment, which nobody else can read, and never in an argument or a file.
 */
function credentialHelper(url: string, host: Host): Required<Pick<GitOptions, "env" | "settings">> {
  const known = host.credentials?.get(url);
  const server = /^\w+:\/\/[^/]+/.exec(url)?.[0];
  if (known === undefined || server === undefined) return { env: {}, settings: [] };
  const asks = ["GIT_ASKPASS", "SSH_ASKPASS"].some((name) => host.userEnv?.[name] !== undefined);
  const password = known.password ?? (asks ? undefined : "");
  const print = `printf 'username=%s\\n' "$KOVN_BUILD_USERNAME"; [ -z "\${KOVN_BUILD_PASSWORD+x}" ] || printf 'password=%s\\n' "$KOVN_BUILD_PASSWORD"`;
  return {
    env: { KOVN_BUILD_USERNAME: known.username, ...(password === undefined ? {} : { KOVN_BUILD_PASSWORD: password }) },
    settings: [
      [`credential.${server}.helper`, `!f() { [ "$1" != get ] || { ${print}; }; }; f`],
      // As git does for an address with a password: not every server asks.
      ["http.proactiveAuth", "basic"],
    ],
  };
}

/** Checks that a repository can be read and has a branch. Returns what is wrong, or undefined. */
export async function askRepository(url: string, options: GitOptions): Promise<string | undefined> {
  const result = await tryRemoteGit(
    url,
    ["ls-remote", "--quiet", ...servedFrom(url), "--", url, "HEAD", "refs/heads/*"],
    options,
  );
  if (result.exitCode !== 0) return gitSays(result);
  // A web server that answers every request looks like an empty repository to git.
  return result.stdout.trim() === "" ? "there is no branch" : undefined;
}

/**
 * Makes a bare or normal repository whose origin is `url`, as a blobless partial clone: it fetches
 * only the file contents it asks for (git-fetch(1), `--filter`). A second call changes nothing.
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
    // Lets work trees make partial fetches of any commit from this repository.
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
  };
  for (const [key, value] of Object.entries(config)) await git(["config", key, value], { ...rest, cwd: dir });
}

/**
 * Makes `origin` the upstream of a blobless clone, and `contents`, if that is another one, the
 * repository that git asks for file contents.
 */
export async function setRemotes(origin: string, contents: string, options: GitOptions): Promise<void> {
  const config = {
    "remote.origin.url": origin,
    "remote.origin.fetch": "+refs/heads/*:refs/remotes/origin/*",
    ...(origin === contents
      ? {}
      : {
          "remote.base.url": contents,
          "remote.base.promisor": "true",
          "remote.base.partialclonefilter": "blob:none",
          "extensions.partialClone": "base",
        }),
  };
  for (const [key, value] of Object.entries(config)) await git(["config", key, value], options);
  if (origin === contents) return;
  for (const key of ["promisor", "partialclonefilter"]) await git(["config", "--unset", `remote.origin.${key}`], options);
}

/** Ids of the objects of `commit`'s tree that the repository lacks. Contacts no remote. */
async function missingObjects(commit: string, options: GitOptions): Promise<string[]> {
  const listed = await git(["rev-list", "--objects", "--no-object-names", "--missing=print", "--no-walk", commit], options);
  return listed.split("\n").flatMap((line) => (line.startsWith("?") ? [line.slice(1)] : []));
}

/**
 * Fetches a commit with its history, as far as the origin at `url` has it, and the file contents of
 * its tree. The task says how far git is. Throws "network".
 */
export async function fetchCommit(commit: string, url: string, options: GitOptions): Promise<void> {
  const fetchOnce = [
    "fetch",
    "--progress",
    "--no-tags",
    "--no-write-fetch-head",
    "--recurse-submodules=no",
    "--update-shallow",
    "--filter=blob:none",
    ...servedFrom(url),
    "origin",
  ];
  const watched = { ...options, status: sayProgress(options.host.task) };
  const history = await tryRemoteGit(url, [...fetchOnce, commit], watched);
  if (history.exitCode !== 0) throw new BuildError("network", `Commit ${commit} could not be fetched: ${gitSays(history)}`);
  const missing = await missingObjects(commit, options);
  if (missing.length === 0) return;
  const contents = await tryRemoteGit(url, [...fetchOnce, "--stdin"], { ...watched, input: `${missing.join("\n")}\n` });
  if (contents.exitCode !== 0)
    throw new BuildError("network", `File contents of ${commit} could not be fetched: ${gitSays(contents)}`);
}

/**
 * A patch's stable id (git-patch-id(1)), which does not depend on line numbers. Empty for a patch
 * without a diff.
 */
export async function patchId(patch: string | Uint8Array, options: GitOptions): Promise<string> {
  return (await git(["patch-id", "--stable"], { ...options, input: patch })).split(" ")[0] ?? "";
}
