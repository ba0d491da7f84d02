import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { aboutLine, type Line } from "../config/lines.ts";
import type { UpstreamPick } from "../config/pick.ts";
import { listSources, readSource, readSources, type Source } from "../config/source.ts";
import { readSeed } from "../config/seed.ts";
import { compareFiles, type SeriesChanges } from "../patches/compare.ts";
import { compareSources, type CompareOptions } from "../patches/diff/compare-sources.ts";
import { projectAt } from "../patches/diff/project-at.ts";
import { listEntries, type ListedEntry } from "../patches/list.ts";
import { packagingOf, pinOf } from "../plan/base.ts";
import { pickContent } from "../plan/picks.ts";
import { runTask } from "../sys/run-task.ts";
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
  /** Entries of the seed that upstream has merged, or the line has dropped, since the previous release. */
  readonly merged: readonly ListedEntry[];
  readonly dropped: readonly ListedEntry[];
}

/** A pick; `isNew` if the previous release did not have it as it is now. */
export type ChangedPick = UpstreamPick & { readonly isNew: boolean };

/** The two states of a line that are compared. */
export interface Range {
  /** A git tag of the project; undefined for the beginning, when there was no release. */
  readonly since: string | undefined;
  /** A git tag of the project; undefined for its files as they are now. */
  readonly until: string | undefined;
}

/** What changed in a line since a release. */
export interface LineChanges {
  /** What the line is for, as the project's files say at the end of the range. */
  readonly about: Line;
  readonly sources: readonly SourceChanges[];
}

/** Reads what changed in each source of a line. Throws "project" for a broken series. */
export async function readChanges(line: string, range: Range, options: CompareOptions): Promise<LineChanges> {
  const title = range.since === undefined ? "read the series" : `read what changed since ${range.since}`;
  return runTask(options.host, title, async (host) => compareStates(line, range, { ...options, host }));
}

async function compareStates(line: string, { since, until }: Range, options: CompareOptions): Promise<LineChanges> {
  const { project, host } = options;
  return withScratch(project.work, "tag", host, async (dir) => {
    const after = until === undefined ? project : await projectAt(until, join(dir, "after"), options);
    const before = since === undefined ? undefined : await projectAt(since, join(dir, "before"), options);
    const sources = await readSources(after, line, host);
    const seed = await readSeed(after);
    const known = before === undefined ? [] : await listSources(before, line).catch(() => []);
    const { about } = await aboutLine(after, line);
    const changes = await Promise.all(
      sources.map(async (source) => {
        const old =
          before !== undefined && known.includes(source.name) ? await readSource(before, line, source.name, host) : undefined;
        const { name, upstream, branch, version, revision, commit, patches } = source;
        const entries = listEntries(seed, [source]).filter((entry) => entry.source === name);
        const listNew = (status: "merged" | "dropped") =>
          entries.filter((entry) => entry.status === status && !old?.[status].some((one) => one.seed === entry.seed));
        const change = await runTask(host, `compare ${name}`, async (below) => compare(old, source, { ...options, host: below }));
        return {
          ...{ name, upstream, branch, version, revision, commit, patches, ...change, ...comparePicks(old, source) },
          merged: old === undefined ? [] : listNew("merged"),
          dropped: listNew("dropped"),
          before: old === undefined ? undefined : { commit: old.commit, revision: old.revision },
        };
      }),
    );
    return { about, sources: changes };
  });
}

/** The first state of a source has only added patches. */
async function compare(
  old: Source | undefined,
  source: Source,
  options: CompareOptions,
): Promise<Pick<SourceChanges, "series" | "commits">> {
  if (old !== undefined) {
    const { series, commits } = await compareSources(old, source, options);
    return { series, commits };
  }
  return { series: compareFiles([], [...source.patches, ...packagingOf(source, pinOf(source))]), commits: undefined };
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
