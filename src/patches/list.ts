import type { SeedEntry } from "../config/seed.ts";
import type { Source } from "../config/source.ts";

/**
 * How a line covers one entry of the seed: with patches, or because upstream has merged the change.
 */
export interface ListedEntry {
  readonly entry: number;
  readonly seed: string;
  readonly source: string;
  readonly title: string;
  readonly status: "patch" | "merged" | "missing";
  readonly patches: readonly string[];
}

/**
 * Returns one row for each entry of the seed, in order. Its status is `missing` if the line has
 * neither a patch for it nor lists it as merged upstream.
 */
export function listEntries(seed: readonly SeedEntry[], sources: readonly Source[]): readonly ListedEntry[] {
  return seed.map(({ entry, commit, source: name, title }) => {
    const id = commit.slice(0, 10);
    const source = sources.find((candidate) => candidate.name === name);
    const patches = (source?.patches ?? []).filter((patch) => patch.seed === id).map((patch) => patch.name);
    const merged = source?.merged.some((one) => one.seed === id) ?? false;
    return {
      entry,
      seed: id,
      source: name,
      title,
      status: merged ? "merged" : patches.length > 0 ? "patch" : "missing",
      patches,
    };
  });
}
