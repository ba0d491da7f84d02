import type { Project } from "../../config/project.ts";
import type { Source } from "../../config/source.ts";
import { BuildError, withDetails } from "../../errors.ts";
import { pinOf, placeOf, type From } from "../../plan/base.ts";
import { urlOf } from "../../sys/credentials.ts";
import type { Host } from "../../sys/exec.ts";
import { listHistory, readCommits, type Commit } from "../../sys/git-log.ts";
import { askRefs } from "../../sys/git-remote.ts";
import { git, type GitOptions } from "../../sys/git.ts";
import { runTask } from "../../sys/run-task.ts";
import { fetchMirrorHistories } from "../mirror-more.ts";
import { fetchBase, probeBase, type Fetched } from "../mirror.ts";
import { drawPicture } from "../rebase/picture.ts";
import type { Picture, UpstreamCommit } from "../rebase/rows.ts";
import { listFiles, originOf } from "../rebase/upstream.ts";
import { branchesIn, byVersion, newerBranches, releasesIn } from "../upstream-refs.ts";
import { findFixes, type Fix, type Lane, type Ours } from "./fixes.ts";

/** A commit of upstream, with its date. */
export type DatedCommit = Pick<Commit, "id" | "subject" | "date">;

/** A source, and what its upstream has that its pin lacks. */
export interface OutdatedSource {
  readonly source: string;
  readonly version: string;
  readonly branch: string;
  readonly pin: DatedCommit;
  /** The newest commit of the branch. */
  readonly tip: DatedCommit;
  /** The commits of the branch that the pin lacks, newest first. */
  readonly commits: readonly DatedCommit[];
  /** How many commits the pin has that the branch lacks. */
  readonly behind: number;
  /** The newest release on the branch, by upstream's tags. */
  readonly release?: { readonly version: string; readonly commit: string; readonly isPinned: boolean };
  /** The branches of later releases, oldest first, and the one that upstream works on. */
  readonly newer: readonly (DatedCommit & { readonly branch: string })[];
  /** `isCode` is false for a fix that changes only tests, documentation or files for CI. */
  readonly fixes: readonly (Fix & { readonly isCode: boolean })[];
  /** What becomes of picks and patches on the branch; absent if the pin is its newest commit. */
  readonly picture?: Picture;
  /** Patches that only newer branches have, by their `Origin` or their subject. */
  readonly taken: readonly { readonly patch: string; readonly branch: string; readonly commit: UpstreamCommit }[];
}

/** Milliseconds until a repository must list its branches and tags. */
const askTimeout = 60_000;

/**
 * Compares a source with its upstream. Also returns the mirror, which has the history of its branch.
 * Throws "network" if upstream cannot be reached, "project" if it does not have the branch, and like
 * `drawPicture`.
 */
export async function compareWithUpstream(
  source: Source,
  from: From,
  project: Project,
  outer: Host,
): Promise<{ readonly found: OutdatedSource; readonly mirror: Fetched }> {
  const { line, name, branch, version } = source;
  const options = { work: project.work, host: outer };
  const pin = pinOf(source, from);
  const reached = async <T>(work: Promise<T>) =>
    work.catch((error: unknown) => {
      if (!(error instanceof BuildError) || error.code !== "network") throw error;
      throw withDetails(error, { source: name, hint: error.hint ?? `--from ${name}=PATH_OR_URL` });
    });
  await reached(probeBase(pin, { ...options, refreshApt: false }));
  const mirror = await reached(fetchBase(pin, options));
  return runTask(outer, `compare with ${placeOf(pin)}`, async (host) => {
    const patterns = ["refs/heads/*", "refs/remotes/origin/*", "refs/tags/*"];
    const refs = await reached(askRefs(urlOf(placeOf(pin)), patterns, { host, timeout: askTimeout }));
    const branches = branchesIn(refs);
    if (!branches.has(branch)) throw noBranch(source, placeOf(pin));
    const tips = [branch, ...newerBranches(branch, branches.keys())].map((one) => [one, branches.get(one) ?? ""] as const);
    const ids = tips.map(([, id]) => id);
    await reached(fetchMirrorHistories(ids, mirror, host));
    const inMirror = { host, bare: mirror.repository };
    const lanes = await readLanes(tips, source.commit, inMirror);
    const ours = await readOurs(source, ids.length > 1 ? ids.slice(1) : ids, inMirror);
    const [at, tip = at, ...newer] = await readPlaces([source.commit, ...ids], inMirror);
    const [own, ...others] = lanes;
    if (at === undefined || tip === undefined || own === undefined) throw new Error(`no history of ${source.commit}`);
    const release = newestRelease(releasesIn(refs), await listHistory(tip.id, inMirror), ours);
    const picture = own.commits.length === 0 ? {} : { picture: await drawPicture(branch, { project, line, name, from, host }) };
    const found = {
      ...{ source: name, version, branch, pin: at, tip, commits: own.commits.map(dated) },
      behind: Number(await git(["rev-list", "--count", `${tip.id}..${at.id}`], inMirror)),
      ...(release === undefined ? {} : { release }),
      newer: newer.map((commit, index) => ({ branch: tips[index + 1]?.[0] ?? "", ...commit })),
      fixes: await markCode(findFixes(lanes, ours), inMirror),
      ...picture,
      taken: findTaken(others, ours),
    };
    return { found, mirror };
  });
}

function noBranch({ line, name, branch }: Source, place: string): BuildError {
  const file = `patches/${line}/${name}/source.yaml`;
  return new BuildError("project", `${file}: ${place} has no branch \`${branch}\`.`, {
    source: name,
    at: [{ file }],
    hint: "set `branch` to one that upstream has; `commit` may stay",
  });
}

function dated({ id, subject, date }: Commit): DatedCommit {
  return { id, subject, date };
}

async function readPlaces(ids: readonly string[], options: GitOptions): Promise<readonly DatedCommit[]> {
  const commits = await readCommits(["--no-walk=unsorted", ...new Set(ids)], options);
  return ids.flatMap((id) => commits.filter((commit) => commit.id === id).map(dated));
}

/** Lists the commits of each branch that neither the pin nor a branch before it has. */
async function readLanes(
  tips: readonly (readonly [branch: string, id: string])[],
  pin: string,
  options: GitOptions,
): Promise<readonly Lane[]> {
  const lanes: Lane[] = [];
  for (const [index, [branch, id]] of tips.entries()) {
    const before = [pin, ...tips.slice(0, index).map(([, other]) => other)];
    lanes.push({ branch, commits: await readCommits([id, ...before.map((one) => `^${one}`)], options) });
  }
  return lanes;
}

/** Reads what a source has. `tips` are those of newer branches, which have copies of commits of the pin's. */
async function readOurs(source: Source, tips: readonly string[], options: GitOptions): Promise<Ours> {
  const picked = source.picks.map(({ commit }) => commit);
  return {
    history: await listHistory(source.commit, options),
    own: await readCommits([source.commit, ...tips.map((tip) => `^${tip}`)], options),
    picks: picked.length === 0 ? [] : await readCommits(["--no-walk=unsorted", ...picked], options),
    patches: source.patches.map((patch) => ({ name: patch.name, subject: patch.subject, origin: originOf(patch) })),
  };
}

/** True for a file that is not built. */
const isBeside = (path: string) => /^(?:NEWS|AUTHORS[^/]*|\.[^/]*)$|(?:^|\/)(?:tests?|Documentation|\.ci|\.github)\//.test(path);

async function markCode(fixes: readonly Fix[], options: GitOptions): Promise<OutdatedSource["fixes"]> {
  if (fixes.length === 0) return [];
  const files = await listFiles(["--no-walk=unsorted", ...fixes.map(({ id }) => id)], options);
  return fixes.map((fix) => ({ ...fix, isCode: ![...(files.get(fix.id) ?? [])].every(isBeside) }));
}

/** The newest release among the commits of a branch. */
function newestRelease(
  releases: ReadonlyMap<string, string>,
  history: readonly string[],
  { history: pinned }: Ours,
): OutdatedSource["release"] {
  const there = new Set(history);
  const [version, commit] = [...releases].filter(([, id]) => there.has(id)).toSorted(([a], [b]) => byVersion(b, a))[0] ?? [];
  return version === undefined || commit === undefined ? undefined : { version, commit, isPinned: pinned.includes(commit) };
}

/** Finds the patches that a newer branch has. */
function findTaken(lanes: readonly Lane[], { patches }: Ours): OutdatedSource["taken"] {
  return patches.flatMap(({ name, subject, origin }) => {
    for (const { branch, commits } of lanes) {
      const commit = commits.find((one) => one.id === origin || one.subject === subject);
      if (commit !== undefined) return [{ patch: name, branch, commit: { id: commit.id, subject: commit.subject } }];
    }
    return [];
  });
}
