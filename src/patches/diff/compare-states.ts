import { isDeepStrictEqual } from "node:util";
import type { Source } from "../../config/source.ts";
import { packagingOf, pinOf } from "../../plan/base.ts";
import { pickContent } from "../../plan/picks.ts";
import { runTask } from "../../sys/run-task.ts";
import { patchId } from "../../sys/git.ts";
import { readBytes } from "../../sys/read-file.ts";
import { compareFiles, type ChangedPatch, type SeriesChanges } from "../compare.ts";
import { compareSources, type CompareOptions, type ComparedSources } from "./compare-sources.ts";
import { addInterdiffs } from "./interdiff.ts";
import { allPatches, type LineState, type SourceState, type StatePatch } from "./state.ts";

/** What was added to a list, and what is no longer in it. */
export interface ListChanges<T> {
  readonly added: readonly T[];
  readonly dropped: readonly T[];
}

/** How a source differs between two states of its line. */
export interface SourceDiff {
  readonly name: string;
  /** Absent for a source that only the other state has. */
  readonly before?: SourceState;
  readonly after?: SourceState;
  /** Upstream's commits that only the new pin has, and those that only the old one has, newest first; undefined when unavailable. */
  readonly commits: ComparedSources["commits"];
  readonly lost: ComparedSources["lost"];
  /** A pick whose left out paths changed is in both. */
  readonly picks: ListChanges<Source["picks"][number]>;
  readonly series: SeriesChanges<StatePatch>;
  /** Why the diffs of patches are not of the trees that they make; absent if they are. */
  readonly noTrees?: string;
  readonly alternates: ListChanges<Source["alternates"][number]>;
  readonly merged: ListChanges<Source["merged"][number]>;
  /** Entries of the seed that the line leaves out. */
  readonly leftOut: ListChanges<Source["dropped"][number]>;
  /** True if packages differ, but would have the same version. */
  readonly needsRevision: boolean;
}

/** How a line differs between two of its states. */
export interface LineDiff {
  readonly line: string;
  readonly before: LineState;
  readonly after: LineState;
  /** The sources that differ. */
  readonly sources: readonly SourceDiff[];
  /** Names of those that do not differ. */
  readonly same: readonly string[];
}

/** Compares two states of a line. */
export async function compareStates(
  line: string,
  before: LineState,
  after: LineState,
  options: CompareOptions,
): Promise<LineDiff> {
  const names = [...new Set([...before.sources, ...after.sources].map(({ name }) => name))].toSorted();
  const diffs = await Promise.all(
    names.map(async (name) => {
      const [old, now] = [before, after].map(({ sources }) => sources.find((one) => one.name === name));
      if ((old === undefined && before.isPartial) || (now === undefined && after.isPartial)) return [];
      return [
        await runTask(options.host, `compare ${name}`, async (host) => compareSource(name, old, now, { ...options, host })),
      ];
    }),
  );
  const sources = diffs.flat();
  const differ = sources.filter(isDifferent);
  const same = sources.filter((source) => !differ.includes(source)).map(({ name }) => name);
  return { line, before, after, sources: differ, same };
}

function isDifferent({ before, after, picks, series, alternates, merged, leftOut }: SourceDiff): boolean {
  if (before === undefined || after === undefined) return true;
  const { added, dropped, changed, renamed, moved } = series;
  const lists = [
    added,
    dropped,
    changed,
    renamed,
    moved,
    ...[picks, alternates, merged, leftOut].flatMap((one) => [one.added, one.dropped]),
  ];
  return lists.some((list) => list.length > 0) || changedFields(before, after).length > 0;
}

const fields = ["commit", "version", "revision", "branch", "upstream"] as const;

/** The fields of `source.yaml` that differ, of those that both states know. */
export function changedFields(before: SourceState, after: SourceState): readonly (typeof fields)[number][] {
  const areFiles = before.source !== undefined && after.source !== undefined;
  const known = areFiles ? fields : fields.filter((field) => field !== "branch" && field !== "upstream");
  return known.filter((field) => before[field] !== after[field]);
}

async function compareSource(
  name: string,
  before: SourceState | undefined,
  after: SourceState | undefined,
  options: CompareOptions,
): Promise<SourceDiff> {
  const compared = await compareSeries(before, after, options);
  const picks = changesOf(before?.picks, after?.picks, pickContent);
  const lists = {
    picks,
    alternates: changesOf(before?.alternates, after?.alternates, (one) => one),
    merged: changesOf(before?.merged, after?.merged, ({ seed, commit }) => ({ seed, commit })),
    leftOut: changesOf(before?.dropped, after?.dropped, ({ seed }) => seed),
  };
  const { added, dropped, changed, moved } = compared.series;
  const isOther =
    before?.commit !== after?.commit ||
    [added, dropped, changed, moved, picks.added, picks.dropped].some((list) => list.length > 0);
  const needsRevision = isOther && before?.revision === after?.revision && before?.version === after?.version;
  return {
    name,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...compared,
    ...lists,
    needsRevision,
  };
}

type ComparedSeries = Pick<SourceDiff, "series" | "commits" | "lost" | "noTrees">;

async function compareSeries(
  before: SourceState | undefined,
  after: SourceState | undefined,
  options: CompareOptions,
): Promise<ComparedSeries> {
  const [old, now] = [before?.source, after?.source];
  if (old !== undefined && now !== undefined) {
    const { series, noTrees, ...commits } = await compareSources(old, now, options);
    const all = withOthers(series, compareFiles(allPatches(old), allPatches(now)), [old, now]);
    const whole = await addInterdiffs(all, options.project.work, options.host);
    return { series: whole, ...commits, ...(noTrees === undefined ? {} : { noTrees }) };
  }
  const commits = before?.commit === after?.commit ? [] : undefined;
  const byFiles = compareFiles(before?.patches ?? [], after?.patches ?? []);
  const series = { ...byFiles, changed: await Promise.all(byFiles.changed.map(async (change) => addIds(change, options))) };
  const noTrees = series.changed.length === 0 ? {} : { noTrees: "A build records names and ids of its patches only." };
  return { series, commits, lost: commits, ...noTrees };
}

/** Adds the patches that only alternates take, which are not in the trees of the pins. */
function withOthers(trees: SeriesChanges, files: SeriesChanges, sources: readonly Source[]): SeriesChanges {
  const known = new Set(
    sources.flatMap((source) => [...source.patches, ...packagingOf(source, pinOf(source))].map(({ name }) => name)),
  );
  const others = <T extends { readonly patch: { readonly name: string } }>(list: readonly T[]) =>
    list.filter(({ patch }) => !known.has(patch.name));
  const isOther = ({ name }: { readonly name: string }) => !known.has(name);
  const [added, changed] = [
    [...trees.added, ...files.added.filter(isOther)],
    [...trees.changed, ...others(files.changed)],
  ];
  const now = sources.at(-1);
  return {
    added,
    dropped: [...trees.dropped, ...files.dropped.filter(isOther)],
    changed,
    renamed: [...trees.renamed, ...others(files.renamed)],
    moved: [...trees.moved, ...others(files.moved)],
    unchanged: (now === undefined ? 0 : allPatches(now).length) - added.length - changed.length,
  };
}

/** Adds the ids of a patch's two changes, which a build has recorded, and a file gives. */
async function addIds(change: ChangedPatch<StatePatch>, { host }: CompareOptions): Promise<ChangedPatch<StatePatch>> {
  const withId = async (patch: StatePatch & { readonly path?: string }) =>
    patch.path === undefined ? patch : { ...patch, patchId: await patchId(await readBytes(patch.path, "a patch"), { host }) };
  return { ...change, before: await withId(change.before), patch: await withId(change.patch) };
}

function changesOf<T>(
  before: readonly T[] | undefined,
  after: readonly T[] | undefined,
  content: (one: T) => unknown,
): ListChanges<T> {
  // What only one of the states knows is not compared.
  if (before === undefined || after === undefined) return { added: [], dropped: [] };
  const lacks = (list: readonly T[], one: T) => !list.some((other) => isDeepStrictEqual(content(other), content(one)));
  return { added: after.filter((one) => lacks(before, one)), dropped: before.filter((one) => lacks(after, one)) };
}
