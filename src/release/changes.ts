import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Project } from "../config/project.ts";
import type { UpstreamPick } from "../config/pick.ts";
import { listSources, readSource, readSources, type Source } from "../config/source.ts";
import { readSeed } from "../config/seed.ts";
import { BuildError } from "../errors.ts";
import { compareFiles, compareTrees, type SeriesChanges, type State } from "../patches/compare.ts";
import { whyUnavailable } from "../patches/check.ts";
import { listEntries, type ListedEntry } from "../patches/list.ts";
import { fetchBase, isComplete, type Fetched } from "../patches/mirror.ts";
import { allowedBases, packagingOf, pinOf, type Base, type From } from "../plan/base.ts";
import { pickContent } from "../plan/picks.ts";
import type { Host } from "../sys/exec.ts";
import { archive, commitsBetween } from "../sys/git-release.ts";
import { runTask } from "../sys/run-task.ts";
import { extractTar } from "../sys/tar.ts";
import { withScratch } from "../sys/with-scratch.ts";

/** What changed in a source since a release. */
export interface SourceChanges {
  readonly name: string;
  readonly upstream: string;
  readonly branch: string;
  readonly version: string;
  readonly revision: number;
  /** The pinned commit. */
  readonly commit: string;
  /** The series, in order. */
  readonly patches: readonly { readonly name: string; readonly sha256: string }[];
  /** Pin and revision in the previous release; undefined when it did not have the source. */
  readonly before: { readonly commit: string; readonly revision: number } | undefined;
  /** Upstream's commits from that pin to this one, newest first; undefined when unavailable. */
  readonly commits: readonly { readonly id: string; readonly subject: string }[] | undefined;
  readonly series: SeriesChanges;
  /** Upstream's commits that are taken onto the pin, in order, and those that no longer are. */
  readonly picks: readonly ChangedPick[];
  readonly droppedPicks: readonly UpstreamPick[];
  /** Entries of the seed that upstream has merged since. */
  readonly merged: readonly (ListedEntry & { readonly since: string })[];
}

/** A pick; `isNew` if the previous release did not have it as it is now. */
export type ChangedPick = UpstreamPick & { readonly isNew: boolean };

export interface ChangesOptions {
  readonly project: Project;
  readonly host: Host;
  readonly from: From;
  /** True to read only what is on disk, and fetch nothing. */
  readonly offline: boolean;
}

/** The two states of a line that are compared. */
export interface Range {
  /** A git tag of the project; undefined for the beginning, when there was no release. */
  readonly since: string | undefined;
  /** A git tag of the project; undefined for its files as they are now. */
  readonly until: string | undefined;
}

/** Reads what changed in each source of a line. Throws "project" for a broken series. */
export async function readChanges(line: string, range: Range, options: ChangesOptions): Promise<readonly SourceChanges[]> {
  const title = range.since === undefined ? "read the series" : `read what changed since ${range.since}`;
  return runTask(options.host, title, async (host) => compareStates(line, range, { ...options, host }));
}

async function compareStates(line: string, { since, until }: Range, options: ChangesOptions): Promise<readonly SourceChanges[]> {
  const { project, host } = options;
  return withScratch(project.work, "tag", host, async (dir) => {
    const after = until === undefined ? project : await projectAt(until, join(dir, "after"), options);
    const before = since === undefined ? undefined : await projectAt(since, join(dir, "before"), options);
    const sources = await readSources(after, line, host);
    const seed = await readSeed(after);
    const known = before === undefined ? [] : await listSources(before, line).catch(() => []);
    return Promise.all(
      sources.map(async (source) => {
        const old =
          before !== undefined && known.includes(source.name) ? await readSource(before, line, source.name, host) : undefined;
        const { name, upstream, branch, version, revision, commit, patches } = source;
        const mergedBefore = new Set(old?.merged.map((one) => one.seed));
        const merged = listEntries(seed, [source])
          .filter((entry) => entry.source === name && entry.status === "merged" && !mergedBefore.has(entry.seed))
          .map((entry) => ({ ...entry, since: source.merged.find((one) => one.seed === entry.seed)?.since ?? "" }));
        const change = await runTask(host, `compare ${name}`, async (below) => compare(old, source, { ...options, host: below }));
        return {
          ...{ name, upstream, branch, version, revision, commit, patches, ...change, ...comparePicks(old, source) },
          merged: old === undefined ? [] : merged,
          before: old === undefined ? undefined : { commit: old.commit, revision: old.revision },
        };
      }),
    );
  });
}

/** Unpacks the project's patches of a tag. */
async function projectAt(tag: string, dir: string, { project, host }: ChangesOptions): Promise<Project> {
  await mkdir(join(dir, "patches"), { recursive: true });
  await archive(tag, ["patches"], join(dir, "patches.tar"), { host, cwd: project.root });
  await extractTar(join(dir, "patches.tar"), join(dir, "patches"));
  return { root: dir, work: project.work };
}

async function compare(
  old: Source | undefined,
  source: Source,
  options: ChangesOptions,
): Promise<{ readonly series: SeriesChanges; readonly commits: SourceChanges["commits"] }> {
  const byFiles = compareFiles(old === undefined ? [] : allPatches(old, pinOf(old)), allPatches(source, pinOf(source)));
  if (old === undefined) return { series: byFiles, commits: undefined };
  const { project, host } = options;
  const pair = await fetchPair(old, source, options);
  if (pair === undefined) return { series: byFiles, commits: undefined };
  const commits =
    pair.kind === "git" ? await commitsBetween(old.commit, source.commit, { host, bare: pair.after.base.repository }) : undefined;
  const series = await compareTrees(pair.before, pair.after, { host, work: project.work }).catch((error: unknown) => {
    if (error instanceof BuildError && error.code === "patch") return byFiles;
    throw error;
  });
  return { series, commits };
}

function comparePicks(
  old: Source | undefined,
  { picks }: Source,
): { readonly picks: readonly ChangedPick[]; readonly droppedPicks: readonly UpstreamPick[] } {
  const before = old?.picks ?? [];
  const isKept = (pick: UpstreamPick) => before.some((one) => isDeepStrictEqual(pickContent(one), pickContent(pick)));
  return {
    picks: picks.map((pick) => ({ ...pick, isNew: !isKept(pick) })),
    droppedPicks: before.filter(({ commit }) => !picks.some((pick) => pick.commit === commit)),
  };
}

/** What packages are made of: the series, and the packaging patches on top of it. */
function allPatches(source: Source, base: Base): Source["patches"] {
  return [...source.patches, ...packagingOf(source, base)];
}

interface Pair {
  readonly kind: Base["kind"];
  readonly before: State;
  readonly after: State;
}

/** Returns both states on bases of one kind: the pins, or else the alternates. Undefined when neither is available. */
async function fetchPair(old: Source, source: Source, options: ChangesOptions): Promise<Pair | undefined> {
  for (const kind of ["git", "apt"] as const) {
    const before = await fetchState(old, kind, options);
    const after = before === undefined ? undefined : await fetchState(source, kind, options);
    if (before !== undefined && after !== undefined) return { kind, before, after };
  }
  return undefined;
}

async function fetchState(
  source: Source,
  kind: Base["kind"],
  { project, host, from, offline }: ChangesOptions,
): Promise<State | undefined> {
  const mirror = { work: project.work, host };
  for (const base of allowedBases(source, from)) {
    if (base.kind !== kind) continue;
    const absent = offline ? !(await isComplete(base, project.work)) : (await whyUnavailable(base, mirror)) !== undefined;
    const fetched = absent ? undefined : await fetchOrNot(base, mirror);
    if (fetched !== undefined) return { source: { ...source, patches: allPatches(source, base) }, base: fetched };
  }
  return undefined;
}

async function fetchOrNot(base: Base, mirror: { readonly work: string; readonly host: Host }): Promise<Fetched | undefined> {
  return fetchBase(base, mirror).catch((error: unknown) => {
    if (error instanceof BuildError && error.code === "network") return undefined;
    throw error;
  });
}
