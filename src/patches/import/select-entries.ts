import { basename } from "node:path";
import { projectError } from "../../errors.ts";
import { listOf } from "../../list.ts";
import { problemAt } from "./draft.ts";
import type { Entry } from "./order-entry.ts";

/** The source that patches are imported for. */
export interface WantedSource {
  readonly name: string;
  readonly upstream: string;
}

/**
 * The entries of a Dockerfile that patch a source: all, if it patches in one folder only, else those
 * in the folder, or the clone, with the name of the source or of its upstream. Throws "project".
 */
export function selectEntries(entries: readonly Entry[], source: WantedSource, file: string): readonly Entry[] {
  const folders = new Set(entries.map(({ places }) => places.join(" ")));
  if (folders.size < 2) return entries;
  const names = new Set([source.name, basename(source.upstream, ".git")].map((name) => name.toLowerCase()));
  const isOf = (place: string) => names.has(place.toLowerCase().replace(/[-_]v?\d[\d.]*$/, ""));
  const mine = entries.filter(({ places }) => places.some(isOf));
  if (mine.length > 0) return mine;
  const shown = listOf([...folders].map((folder) => `\`${folder.split(" ")[0]}\``));
  const message = `This file patches in the folders ${shown}, and none is named after ${source.name}. Write a series: a file with the name of one patch a line.`;
  throw projectError([problemAt(file, entries[0]?.line ?? 1, message)]);
}
