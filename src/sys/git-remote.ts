import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import type { ExecResult, Host } from "./exec.ts";
import { changesOf, isCutOff, readCommit } from "./git-pick.ts";
import { configText } from "./git-config.ts";
import { sayProgress } from "./git-progress.ts";
import { git, gitSays, realPath, tryGit, type GitOptions, type Setting } from "./git.ts";
import { isSecret } from "./mask.ts";
import { quoteWords } from "./quote.ts";

/**
 * Arguments to fetch from a local repository, which may be another user's: what serves it runs no
 * command of its configuration (git-upload-pack(1)). It does not see our settings in the
 * environment.
 */
function servedFrom(url: string): readonly string[] {
  const path = /^(?:file:\/\/)?(\/.*)$/s.exec(url)?.[1];
  if (path === undefined) return [];
  const places = [...new Set([path, realPath(path)])].flatMap((place) => [place, `${place}/.git`, `${place}.git`]);
  const settings = places.flatMap((place) => ["-c", `safe.directory=${place}`]);
  return [`--upload-pack=${quoteWords(["git", ...settings, "upload-pack"])}`];
}

/** git's variables that say how to reach a remote (git(1)). They cannot change what a commit id stands for. */
const transport = /^GIT_(SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|ALLOW_PROTOCOL|PROXY_COMMAND|(HTTP|SSL|PROXY_SSL)_\w+)$/;

/** Programs of the person that git starts to reach a remote. They may need any variable. */
const helpers = ["GIT_ASKPASS", "GIT_PROXY_COMMAND", "GIT_SSH", "GIT_SSH_COMMAND", "SSH_ASKPASS"];

/**
 * Runs git where it talks to the remote at `url`: with what the person's git would need to reach it.
 * Without a program of the person, git gets no secret, such as GITHUB_TOKEN: others can read the
 * environment of a process.
 */
async function tryRemoteGit(url: string, args: readonly string[], options: GitOptions): Promise<ExecResult> {
  const { host } = options;
  const all = host.userEnv ?? host.env;
  const hasHelper = helpers.some((name) => (all[name] ?? "") !== "");
  const isSeen = (name: string, value: string) =>
    name.startsWith("GIT_") ? transport.test(name) : hasHelper || !isSecret(name, value);
  const seen = Object.entries(all).filter(([name, value]) => isSeen(name, value));
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
 * Asks a repository for refs by their names, which are patterns, and returns the commit or tag of
 * each. Throws "network".
 */
export async function askRefs(url: string, names: readonly string[], options: GitOptions): Promise<ReadonlyMap<string, string>> {
  const result = await tryRemoteGit(url, ["ls-remote", "--quiet", ...servedFrom(url), "--", url, ...names], options);
  if (result.exitCode !== 0) throw new BuildError("network", `Repository ${url} cannot be read: ${gitSays(result)}.`);
  const rows = result.stdout.split("\n").filter((row) => row !== "");
  return new Map(rows.map((row) => [row.slice(41), row.slice(0, 40)]));
}

/**
 * The configuration of a blobless partial clone of `url`: it fetches only the file contents that it
 * asks for (git-fetch(1), `--filter`).
 */
export function bloblessConfig(url: string): readonly Setting[] {
  return [
    ["core.repositoryFormatVersion", "1"],
    ["remote.origin.url", url],
    ["remote.origin.promisor", "true"],
    ["remote.origin.partialclonefilter", "blob:none"],
    ["extensions.partialClone", "origin"],
  ];
}

/** Makes a repository with a work tree that is a blobless partial clone of `url`. */
export async function initBlobless(dir: string, url: string, options: GitOptions): Promise<void> {
  await git(["init", "--quiet", "--template=", "--initial-branch=kovn", dir], { ...options, cwd: dir });
  await appendFile(join(dir, ".git/config"), configText(bloblessConfig(url)));
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
  await fetchHistory(commit, url, options);
  await fetchContents(commit, await missingObjects(commit, options), url, options);
}

/**
 * Fetches a commit with its history, and the contents of the files that it changes, before and
 * after. Throws "network".
 */
export async function fetchChange(commit: string, url: string, options: GitOptions): Promise<void> {
  await fetchHistory(commit, url, options);
  const type = await git(["cat-file", "-t", commit], options);
  if (type !== "commit") throw new BuildError("project", `Object ${commit} is a ${type}, not a commit.`);
  const { parents } = await readCommit(commit, options);
  const [parent] = parents;
  // Nothing can be taken from others.
  if (parent === undefined || parents.length > 1) return;
  if (await isCutOff(commit, parent, options))
    throw new BuildError("network", `Commit ${commit} was fetched without its parent: the repository is a shallow clone.`);
  const wanted = new Set((await changesOf(commit, parent, options)).flatMap(({ blobs }) => blobs));
  const missing = [...(await missingObjects(commit, options)), ...(await missingObjects(parent, options))];
  await fetchContents(
    commit,
    [...new Set(missing)].filter((id) => wanted.has(id)),
    url,
    options,
  );
}

/** Fetches the history of commits, without contents of files, unless the repository has them. Throws "network". */
export async function fetchHistories(ids: readonly string[], url: string, options: GitOptions): Promise<void> {
  const missing = await listMissing(ids, options);
  if (missing.length === 0) return;
  const watched = { ...options, status: sayProgress(options.host.task), input: `${missing.join("\n")}\n` };
  const result = await tryRemoteGit(url, [...fetchFrom(url), "--stdin"], watched);
  if (result.exitCode !== 0) throw new BuildError("network", `Branches and tags could not be fetched: ${gitSays(result)}`);
}

/** Fetches commits with the newest part of their history, `depth` commits of each. Throws "network". */
export async function fetchNewest(ids: readonly string[], depth: number, url: string, options: GitOptions): Promise<void> {
  const watched = { ...options, status: sayProgress(options.host.task), input: `${ids.join("\n")}\n` };
  const result = await tryRemoteGit(url, [...fetchFrom(url), `--depth=${depth}`, "--stdin"], watched);
  if (result.exitCode !== 0) throw new BuildError("network", `Commits could not be fetched from ${url}: ${gitSays(result)}`);
}

/** Fetches contents of files, unless the repository has them. Throws "network". */
export async function fetchBlobs(ids: readonly string[], url: string, options: GitOptions): Promise<void> {
  await fetchContents("older commits", await listMissing(ids, options), url, options);
}

/** The objects that the repository lacks. Contacts no remote. */
async function listMissing(ids: readonly string[], options: GitOptions): Promise<readonly string[]> {
  if (ids.length === 0) return [];
  const known = await git(["cat-file", "--batch-check"], { ...options, input: `${[...new Set(ids)].join("\n")}\n` });
  return known.split("\n").flatMap((row) => /^([0-9a-f]{40}) missing$/.exec(row)?.[1] ?? []);
}

/** Arguments for one fetch from the remote at `url`. */
function fetchFrom(url: string): readonly string[] {
  return [
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
}

async function fetchHistory(commit: string, url: string, options: GitOptions): Promise<void> {
  const watched = { ...options, status: sayProgress(options.host.task) };
  const history = await tryRemoteGit(url, [...fetchFrom(url), commit], watched);
  if (history.exitCode !== 0) throw new BuildError("network", `Commit ${commit} could not be fetched: ${gitSays(history)}`);
}

async function fetchContents(commit: string, missing: readonly string[], url: string, options: GitOptions): Promise<void> {
  if (missing.length === 0) return;
  const watched = { ...options, status: sayProgress(options.host.task), input: `${missing.join("\n")}\n` };
  const contents = await tryRemoteGit(url, [...fetchFrom(url), "--stdin"], watched);
  if (contents.exitCode !== 0)
    throw new BuildError("network", `File contents of ${commit} could not be fetched: ${gitSays(contents)}`);
}
