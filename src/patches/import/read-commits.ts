import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../../errors.ts";
import { listOf } from "../../list.ts";
import { addressFault, urlOf } from "../../sys/credentials.ts";
import { runTask } from "../../sys/run-task.ts";
import { exists } from "../../sys/files.ts";
import { changesOf, readCommit } from "../../sys/git-pick.ts";
import { askRefs, fetchBlobs, fetchHistories, initBlobless } from "../../sys/git-remote.ts";
import { git, gitBytes, tryGit, type GitOptions } from "../../sys/git.ts";
import type { Draft } from "./draft.ts";
import { takeFields } from "./message-fields.ts";
import type { ReadOptions } from "./piece.ts";

/** Commits of a repository: `REPO#A..B`, or `REPO#COMMIT`. */
interface Commits {
  /** As it was given. */
  readonly place: string;
  readonly repository: string;
  /** Undefined for one commit. */
  readonly from: string | undefined;
  readonly to: string;
}

const forms = "REPO#COMMIT, or REPO#A..B for the commits after A up to B";
/** Milliseconds until a repository must list its refs. */
const askTimeout = 60_000;
/** Milliseconds for a whole fetch. */
const fetchTimeout = 15 * 60_000;

/**
 * Reads commits of a repository as patches, oldest first. Throws "usage" for a merge commit, no
 * commit, or a name that means none, and "network".
 */
export async function readCommits(place: string, options: ReadOptions): Promise<readonly Draft[]> {
  const commits = parse(place);
  const isLocal = !/^[a-z+]+:\/\/|^[^/]+:/.test(commits.repository);
  const read = async (below: ReadOptions) => {
    const opened = isLocal ? await openLocal(commits, below) : await openRemote(commits, below);
    return readAll(commits, opened, below);
  };
  return runTask(options.host, `read ${place}`, async (host) => read({ ...options, host }));
}

function parse(place: string): Commits {
  const [, repository = "", range = ""] = /^(.+)#(.*)$/s.exec(place) ?? [];
  const [, from, to = range] = /^(.*?)\.\.(?!\.)(.*)$/.exec(range) ?? [];
  const isName = (name: string) => /^[\w@][\w./+@{}-]*[~^\d]*$/.test(name) && !name.includes("..") && !name.endsWith(".");
  if (![from, to].every((name) => name === undefined || isName(name)))
    throw new BuildError("usage", `\`${range}\` does not name commits: expected ${forms}.`);
  const fault = addressFault(repository);
  if (fault !== undefined)
    throw new BuildError("usage", `The address of the repository before \`#${range}\` ${fault}.`, {
      hint: "clone it with git, and give the clone's path",
    });
  return { place, repository, from, to };
}

/** A repository that has the commits, and the address that they come from. */
interface Opened {
  readonly git: GitOptions;
  readonly origin: string | undefined;
  /** True if contents of files must be fetched. */
  readonly isRemote: boolean;
  readonly from: string | undefined;
  readonly to: string;
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

/** Fetches the history of the commits into a repository of its own, and the files that they change. */
async function openRemote({ repository, from, to }: Commits, { host, scratch }: ReadOptions): Promise<Opened> {
  const dir = await mkdtemp(join(scratch, "repository-"));
  await initBlobless(dir, repository, { host });
  const options = { host, cwd: dir };
  const resolve = async (name: string) => {
    const [, base = name, steps = ""] = /^(.+?)([~^][~^\d]*)$/.exec(name) ?? [];
    const id = /^[0-9a-f]{40}$/.test(base) ? base : await askName(base, repository, { host, timeout: askTimeout });
    return { id, steps };
  };
  const names = [...(from === undefined ? [] : [await resolve(from)]), await resolve(to)];
  await fetchHistories(
    names.map(({ id }) => id),
    repository,
    { ...options, timeout: fetchTimeout },
  );
  const ids = await Promise.all(names.map(async ({ id, steps }) => resolveName(`${id}${steps}`, repository, options)));
  const range = { from: from === undefined ? undefined : ids[0], to: ids.at(-1) ?? "" };
  return { git: options, origin: published(repository), isRemote: true, ...range };
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

async function readAll(commits: Commits, opened: Opened, { host }: ReadOptions): Promise<readonly Draft[]> {
  const { git: options, from, to } = opened;
  const { place } = commits;
  const listed = from === undefined ? to : await git(["rev-list", "--reverse", "--topo-order", `${from}..${to}`], options);
  const ids = listed.split("\n").filter((id) => id !== "");
  if (ids.length === 0)
    throw new BuildError("usage", `${place} has no commit: \`${commits.to}\` has none that \`${commits.from}\` lacks.`, {
      hint: `${commits.repository}#${commits.to}..${commits.from}, if that is the order`,
    });
  const parents = new Map<string, readonly string[]>();
  for (const id of ids) parents.set(id, (await readCommit(id, options)).parents);
  const merges = ids.filter((id) => (parents.get(id) ?? []).length > 1).map((id) => id.slice(0, 12));
  if (merges.length > 0)
    throw new BuildError(
      "usage",
      `${place} has the merge commit${merges.length > 1 ? "s" : ""} ${listOf(merges)}, which cannot be a patch.`,
      {
        hint: "take the commits that were merged, or rebase them: git rebase A B, then REPO#A..B",
      },
    );
  const drafts: Draft[] = [];
  for (const id of ids) {
    host.task.say(`commit ${drafts.length + 1} of ${ids.length}`);
    const draft = await readOne(id, parents.get(id)?.[0], commits, opened);
    if (draft.text === "") host.task.notice(`${draft.at} is left out, because it changes no file: ${draft.subject ?? ""}`);
    else drafts.push(draft);
  }
  return drafts;
}

/** What a diff of ours is, whatever the repository's configuration says. */
const form = [
  ...["-p", "-U3", "--binary", "--full-index", "--no-renames", "--no-ext-diff", "--no-textconv", "--submodule=short"],
  ...["--src-prefix=a/", "--dst-prefix=b/"],
];

async function readOne(
  commit: string,
  parent: string | undefined,
  { repository }: Commits,
  { git: options, origin, isRemote }: Opened,
): Promise<Draft> {
  const at = `${repository}#${commit.slice(0, 12)}`;
  const shown = await git(["log", "-1", "--encoding=UTF-8", "--format=%an%n%ae%n%aI%n%B", commit], options);
  const [name = "", email = "", date, subject = "", ...rest] = shown.split("\n");
  if (parent !== undefined && isRemote) {
    const blobs = (await changesOf(commit, parent, options)).flatMap((change) => change.blobs);
    await fetchBlobs(blobs, repository, { ...options, timeout: fetchTimeout });
  }
  const trees = parent === undefined ? ["--root", "--no-commit-id", commit] : [parent, commit];
  const diff = await gitBytes(["diff-tree", ...form, ...trees], options).catch((cause: unknown) => {
    throw new BuildError("network", `${at} cannot be read: the clone lacks contents of files that it changes.`, {
      cause,
      hint: `git -C ${repository} fetch --refetch --no-filter`,
    });
  });
  return {
    at,
    subject,
    ...(await takeFields(rest.join("\n").trim(), options.host)),
    author: { name, email },
    date,
    commit,
    origin,
    text: diff.toString("latin1"),
    file: at,
    lineOf: (index) => index + 1,
  };
}
