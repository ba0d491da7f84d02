import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../../errors.ts";
import { addressFault, urlOf } from "../../sys/credentials.ts";
import { exists } from "../../sys/files.ts";
import { askRefs, fetchHistories, fetchNewest, initBlobless } from "../../sys/git-remote.ts";
import { tryGit, type GitOptions } from "../../sys/git.ts";
import type { ReadOptions } from "./piece.ts";

/** Commits of a repository: `REPO#A..B`, or `REPO#COMMIT`. */
export interface Commits {
  /** As it was given. */
  readonly place: string;
  readonly repository: string;
  /** Undefined for one commit. */
  readonly from: string | undefined;
  readonly to: string;
}

/** Milliseconds until a repository must list its refs. */
const askTimeout = 60_000;
/** Milliseconds for a whole fetch. */
export const fetchTimeout = 15 * 60_000;

/** A repository that has the commits, and the address that they come from. */
export interface Opened {
  readonly git: GitOptions;
  readonly origin: string | undefined;
  /** True if contents of files must be fetched. */
  readonly isRemote: boolean;
  readonly from: string | undefined;
  readonly to: string;
}

/** Opens the repository of commits: a local one as it is, else one that they are fetched into. Throws "usage" and "network". */
export async function openCommits(commits: Commits, options: ReadOptions): Promise<Opened> {
  const isLocal = !/^[a-z+]+:\/\/|^[^/]+:/.test(commits.repository);
  return isLocal ? openLocal(commits, options) : openRemote(commits, options);
}

async function openLocal({ repository, from, to }: Commits, { host }: ReadOptions): Promise<Opened> {
  const path = urlOf(repository);
  if (!(await exists(path))) throw new BuildError("usage", `Repository ${repository} does not exist.`);
  const isBare = (await exists(join(path, "HEAD"))) && (await exists(join(path, "objects")));
  const options = { host, ...(isBare ? { bare: path } : { cwd: path }) };
  const found = await tryGit(["rev-parse", "--git-dir"], options);
  if (found.exitCode !== 0) throw new BuildError("usage", `${repository} is not a git repository.`);
  const url = (await tryGit(["config", "remote.origin.url"], options)).stdout.trim();
  const resolve = async (name: string) => resolveName(name, repository, options);
  const ids = { from: from === undefined ? undefined : await resolve(from), to: await resolve(to) };
  return { git: options, origin: published(url), isRemote: false, ...ids };
}

/** An address, if others can use it: it is not a path of this machine, and has nothing secret. */
function published(address: string): string | undefined {
  return /^(?:https?|git|ssh):\/\//.test(address) && addressFault(address) === undefined ? address : undefined;
}

async function resolveName(name: string, repository: string, options: GitOptions): Promise<string> {
  for (const ref of [name, `refs/remotes/origin/${name}`]) {
    const found = await tryGit(["rev-parse", "--quiet", "--verify", "--end-of-options", `${ref}^{commit}`], options);
    if (found.exitCode === 0) return found.stdout.trim();
  }
  throw new BuildError("usage", `Repository ${repository} has no branch, tag or commit \`${name}\`.`, {
    hint: `git -C ${repository} log --oneline --all`,
  });
}

/** A commit of a remote repository, and steps from it such as `~3`. */
interface RemoteName {
  readonly id: string;
  readonly steps: string;
}

/** So many commits are fetched before the whole history is. */
const newest = 200;

/** Fetches the commits into a repository of its own, with as much of their history as is needed to list them. */
async function openRemote(commits: Commits, options: ReadOptions): Promise<Opened> {
  const { repository, from, to } = commits;
  const { host } = options;
  const nameOf = async (name: string) => {
    const [, base = name, steps = ""] = /^(.+?)([~^][~^\d]*)$/.exec(name) ?? [];
    const id = /^[0-9a-f]{40}$/.test(base) ? base : await askName(base, repository, { host, timeout: askTimeout });
    return { id, steps };
  };
  const names = [...(from === undefined ? [] : [await nameOf(from)]), await nameOf(to)];
  const depth = from === undefined && names[0]?.steps === "" ? 2 : newest;
  const opened = (await openPart(names, depth, repository, options)) ?? (await openPart(names, undefined, repository, options));
  if (opened === undefined) throw new Error(`${repository} was not fetched`);
  const range = { from: from === undefined ? undefined : opened.ids[0], to: opened.ids.at(-1) ?? "" };
  return { git: opened.git, origin: published(repository), isRemote: true, ...range };
}

/** Fetches a part of the history, or all. Returns undefined if a part does not show which commits are in the range. */
async function openPart(
  names: readonly RemoteName[],
  depth: number | undefined,
  repository: string,
  { host, scratch }: ReadOptions,
): Promise<{ readonly git: GitOptions; readonly ids: readonly string[] } | undefined> {
  const cwd = await mkdtemp(join(scratch, "repository-"));
  await initBlobless(cwd, repository, { host });
  const options = { host, cwd, timeout: fetchTimeout };
  const wanted = names.map(({ id }) => id);
  await (depth === undefined ? fetchHistories(wanted, repository, options) : fetchNewest(wanted, depth, repository, options));
  const ids: string[] = [];
  for (const { id, steps } of names) {
    const name = `${id}${steps}`;
    const found = await tryGit(["rev-parse", "--quiet", "--verify", "--end-of-options", `${name}^{commit}`], options);
    if (found.exitCode === 0) ids.push(found.stdout.trim());
    else if (depth === undefined) throw new BuildError("usage", `Repository ${repository} has no commit \`${name}\`.`);
    else return undefined;
  }
  const [first = "", last] = ids;
  if (depth === undefined || last === undefined || last === first) return { git: { host, cwd }, ids };
  const isAncestor = await tryGit(["merge-base", "--is-ancestor", first, last], options);
  return isAncestor.exitCode === 0 ? { git: { host, cwd }, ids } : undefined;
}

async function askName(name: string, repository: string, options: GitOptions): Promise<string> {
  const refs = [`refs/heads/${name}`, `refs/tags/${name}^{}`, `refs/tags/${name}`, name];
  const found = await askRefs(repository, refs, options);
  for (const ref of refs) {
    const id = found.get(ref);
    if (id !== undefined) return id;
  }
  throw new BuildError("usage", `Repository ${repository} has no branch or tag \`${name}\`.`, {
    hint: /^[0-9a-f]{7,39}$/.test(name) ? "give the full commit id (40 digits)" : undefined,
  });
}
