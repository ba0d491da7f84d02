import type { Patch } from "../../config/patch.ts";
import { changesOf, readCommit } from "../../sys/git-pick.ts";
import { fileAt } from "../../sys/git-merge.ts";
import { git, gitBytes, patchId, tryGit, type GitOptions } from "../../sys/git.ts";
import { readBytes } from "../../sys/read-file.ts";
import { mergeFile, type Workshop } from "./merge-file.ts";
import type { UpstreamCommit } from "./rows.ts";

/** Upstream's commits that only the new base has, newest first, and how to get contents of their files. */
export interface Upstream {
  readonly onto: string;
  /** The old pin. */
  readonly pin: string;
  readonly commits: readonly UpstreamCommit[];
  /** The files that each of them changes, by its id; a character for each byte. */
  readonly files: () => Promise<ReadonlyMap<string, ReadonlySet<string>>>;
  readonly fetch: (blobs: readonly string[]) => Promise<void>;
}

/** A patch as a commit on the old base, and whether the new base lacks nothing of it. */
interface Wanted {
  readonly patch: Patch;
  readonly commit: string;
  readonly isThere: boolean;
}

/** The commit that a patch says it is from. */
export function originOf({ origin }: Patch): string | undefined {
  return /^(?:upstream|backport)\b.*?\b([0-9a-f]{40})\b/.exec(origin)?.[1];
}

/**
 * Finds upstream's commit with the change of a patch: the one that its field `Origin` names, or one
 * that was picked from that, or has its subject or the same change; for a change that the new base
 * has completely, the first commit that has it.
 */
export async function findUpstream(
  { patch, commit, isThere }: Wanted,
  upstream: Upstream,
  workshop: Workshop,
): Promise<UpstreamCommit | undefined> {
  const named = (await findOrigin(patch, upstream, workshop.git)) ?? findSubject(patch.subject, upstream);
  if (named !== undefined) return named;
  const parent = `${commit}^`;
  const changes = await changesOf(commit, parent, workshop.git);
  const paths = changes.map(({ path }) => path);
  const files = await upstream.files();
  const touching = upstream.commits.filter(({ id }) => paths.some((path) => files.get(id)?.has(path)));
  const alike = touching.filter(({ id }) => files.get(id)?.size === paths.length);
  const same = await findChange(patch, paths, alike, upstream, workshop.git);
  if (same !== undefined || !isThere) return same;
  const has = async ({ id }: UpstreamCommit) => {
    const trees = await Promise.all(changes.map(async ({ path }) => fileAt(id, path, workshop.git)));
    await upstream.fetch(trees.flatMap((file) => file?.blob ?? []));
    for (const [index, { before, mode, blob }] of changes.entries()) {
      const tree = trees[index];
      const after = mode === "000000" ? undefined : { mode, blob };
      const merged = await mergeFile({ before, tree, after }, workshop);
      const left = await merged.choose(() => false);
      if (merged.conflicts.length > 0 || left?.blob !== tree?.blob) return false;
    }
    return true;
  };
  return firstWith(touching, has);
}

async function findOrigin(patch: Patch, { onto, commits }: Upstream, options: GitOptions): Promise<UpstreamCommit | undefined> {
  const id = originOf(patch);
  if (id === undefined) return undefined;
  const own = commits.find((commit) => commit.id === id);
  if (own !== undefined) return own;
  const args = ["log", "-1", "--format=%H", "--fixed-strings", `--grep=cherry picked from commit ${id}`, onto];
  const picked = await git(args, options);
  const copy = commits.find((commit) => commit.id === picked);
  if (copy !== undefined) return copy;
  const known = await tryGit(["log", "-1", "--format=%s", id, "--"], options);
  return known.exitCode === 0 ? findSubject(known.stdout.trim(), { commits }) : undefined;
}

/** Finds the commit with a subject. */
export function findSubject(subject: string, { commits }: Pick<Upstream, "commits">): UpstreamCommit | undefined {
  return commits.find((commit) => commit.subject === subject);
}

/** Lists the files that each commit of some revisions (git-log(1)) changes; merge commits have none. */
export async function listFiles(
  revisions: readonly string[],
  options: GitOptions,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const raw = await gitBytes(["log", "-z", "--format=%x01%H", "--name-only", "--no-renames", ...revisions, "--"], options);
  const commits = raw.toString("latin1").split("\u0001").filter(Boolean);
  return new Map(
    commits.map((commit) => {
      const [id = "", ...files] = commit.split("\0");
      return [id, new Set(files.map((file) => file.replace(/^\n/, "")).filter(Boolean))];
    }),
  );
}

/** The most commits whose change is compared with a patch's. */
const mostCompared = 20;

/** Finds the commit that changes the same files in the same way (git-patch-id(1)). */
async function findChange(
  patch: Patch,
  paths: readonly string[],
  touching: readonly UpstreamCommit[],
  { fetch }: Upstream,
  options: GitOptions,
): Promise<UpstreamCommit | undefined> {
  const wanted = await patchId(await readBytes(patch.path, "a patch"), options);
  let compared = 0;
  for (const commit of touching) {
    const [parent, ...others] = (await readCommit(commit.id, options)).parents;
    if (parent === undefined || others.length > 0) continue;
    const changes = await changesOf(commit.id, parent, options);
    if (changes.length !== paths.length || !changes.every(({ path }) => paths.includes(path))) continue;
    if (++compared > mostCompared) return undefined;
    await fetch(changes.flatMap(({ blobs }) => blobs));
    const diff = await gitBytes(["diff-tree", "-p", "--no-renames", "--full-index", "--binary", parent, commit.id], options);
    if ((await patchId(diff, options)) === wanted) return commit;
  }
  return undefined;
}

/** The first commit that has a change, if the newest has it, by halving. */
async function firstWith(
  newestFirst: readonly UpstreamCommit[],
  has: (commit: UpstreamCommit) => Promise<boolean>,
): Promise<UpstreamCommit | undefined> {
  const [newest] = newestFirst;
  if (newest === undefined || !(await has(newest))) return undefined;
  let [yes, no] = [0, newestFirst.length];
  while (no - yes > 1) {
    const middle = Math.floor((yes + no) / 2);
    const commit = newestFirst[middle];
    if (commit !== undefined && (await has(commit))) yes = middle;
    else no = middle;
  }
  return newestFirst[yes];
}
