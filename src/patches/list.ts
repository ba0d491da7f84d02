import type { UpstreamPick } from "../config/pick.ts";
import type { Patch } from "../config/patch.ts";
import type { SeedEntry } from "../config/seed.ts";
import type { Source } from "../config/source.ts";

/** A patch in its place of a series, with the entry of the seed that it belongs to, if any. */
export interface ListedPatch {
  readonly name: string;
  readonly subject: string;
  /** The DEP-3 field `Origin`. */
  readonly origin: string;
  /** Absent for `Seed: none`. */
  readonly seed?: string;
  /** Absent when the seed has no such entry. */
  readonly entry?: number;
}

/** The patches of a source in the order in which they are applied. */
export interface ListedSeries {
  readonly source: string;
  readonly version: string;
  readonly revision: number;
  /** Upstream's commits that are taken onto the pin before the series. */
  readonly picks: readonly UpstreamPick[];
  readonly patches: readonly ListedPatch[];
  /** The same for each series in `packaging/`, by its file name. */
  readonly packaging: Readonly<Record<string, readonly ListedPatch[]>>;
}

/** Returns the series of each source in its order, with all patches. */
export function listSeries(seed: readonly SeedEntry[], sources: readonly Source[]): readonly ListedSeries[] {
  return sources.map(({ name: source, version, revision, picks, patches, packaging }) => {
    const list = (of: readonly Patch[]) => of.map((patch) => listPatch(patch, seed));
    const lists = Object.entries(packaging).map(([series, others]) => [series, list(others)] as const);
    return { source, version, revision, picks, patches: list(patches), packaging: Object.fromEntries(lists) };
  });
}

function listPatch({ name, subject, origin, seed: id }: Patch, seed: readonly SeedEntry[]): ListedPatch {
  if (id === "none") return { name, subject, origin };
  const entry = seed.find(({ commit }) => commit.startsWith(id))?.entry;
  return { name, subject, origin, seed: id, ...(entry === undefined ? {} : { entry }) };
}

/**
 * How a line covers one entry of the seed: with patches, because upstream has merged the change, or
 * because it is dropped with a reason.
 */
export interface ListedEntry {
  readonly entry: number;
  readonly seed: string;
  readonly source: string;
  readonly title: string;
  readonly status: "patch" | "merged" | "dropped" | "missing";
  /** Since when it is merged or dropped. */
  readonly since?: string;
  /** Why it is dropped. */
  readonly why?: string;
  readonly patches: readonly string[];
}

/**
 * Returns one row for each entry of the seed, in order. Its status is `missing` if the line has
 * neither a patch for it nor says that it is merged upstream or dropped; one that a source need not
 * account for is left out then.
 */
export function listEntries(seed: readonly SeedEntry[], sources: readonly Source[]): readonly ListedEntry[] {
  const needsNone = sources.length > 0 && sources.every((source) => source.seed === "optional");
  const rows = seed.map(({ entry, commit, source: name, title }): ListedEntry => {
    const id = commit.slice(0, 10);
    const source = sources.find((candidate) => candidate.name === name);
    const patches = (source?.patches ?? []).filter((patch) => patch.seed === id).map((patch) => patch.name);
    const merged = source?.merged.find((one) => one.seed === id);
    const dropped = source?.dropped.find((one) => one.seed === id);
    const row = { entry, seed: id, source: name, title, patches };
    if (merged !== undefined) return { ...row, status: "merged", since: merged.since };
    if (patches.length > 0) return { ...row, status: "patch" };
    if (dropped !== undefined) return { ...row, status: "dropped", since: dropped.since, why: dropped.why };
    return { ...row, status: "missing" };
  });
  const isOptional = (name: string) => sources.find((one) => one.name === name)?.seed === "optional" || needsNone;
  return rows.filter(({ source, status }) => status !== "missing" || !isOptional(source));
}
