import type { Source } from "../config/source.ts";
import { packagingSeries, pinOf } from "../plan/base.ts";
import { makeRecord } from "../record.ts";

/**
 * The series of a source: which patches each lists, in order. Series and patches go by their paths
 * in the source's folder, such as `series` and `packaging/debian.series`.
 */
export type Lists = Readonly<Record<string, readonly string[]>>;

/** The series of a source as they are. */
export function listsOf({ patches, packaging }: Pick<Source, "patches" | "packaging">): Lists {
  const all = [
    ["series", patches] as const,
    ...Object.entries(packaging).map(([name, of]) => [`packaging/${name}`, of] as const),
  ];
  return makeRecord(all.map(([path, of]) => [path, of.map(({ name }) => name)] as const));
}

/** The series of a source once these are the patches on its pin, its packaging patches last. */
export function listsWith(names: readonly string[], source: Source): Lists {
  const lists = listsOf(source);
  const own = `packaging/${packagingSeries(source, pinOf(source))}`;
  const top = lists[own] === undefined ? [] : [[own, names.filter(isPackaging)] as const];
  return makeRecord([...Object.entries(lists), ["series", names.filter((name) => !isPackaging(name))], ...top]);
}

/** True for a packaging patch. */
export function isPackaging(name: string): boolean {
  return name.startsWith("packaging/");
}

/** The names of all patches, each once. */
export function allNames(lists: Lists): readonly string[] {
  return [...new Set(Object.values(lists).flat())];
}

/** Changes each series by itself. */
export function mapLists(lists: Lists, change: (names: readonly string[], path: string) => readonly string[]): Lists {
  return makeRecord(Object.entries(lists).map(([path, names]) => [path, change(names, path)] as const));
}
