import { cp, mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { editSource, type SourceChanges } from "../config/edit-source.ts";
import type { Source } from "../config/source.ts";
import { readText } from "../sys/read-file.ts";
import { replaceFolder } from "../sys/replace-folder.ts";
import { stagingOf } from "../sys/staging.ts";
import { writeTemporary } from "../sys/write-whole.ts";
import { allNames, listsOf, type Lists } from "./lists.ts";
import { seriesText } from "./replace-series.ts";

/** What a source's folder becomes: its series, the patches that change, its fields. */
export interface NewFolder {
  readonly lists: Lists;
  readonly mails: ReadonlyMap<string, Buffer>;
  /** The old names of patches that are renamed, by their new ones. */
  readonly renamed?: ReadonlyMap<string, string>;
  readonly changes: SourceChanges;
}

/**
 * Copies the folder of a source to `next`, which must not exist, and changes it there. A patch that
 * no series lists any more is removed.
 */
export async function makeFolder(
  source: Source,
  { lists, mails, renamed = new Map(), changes }: NewFolder,
  dir: string,
  next: string,
): Promise<void> {
  await mkdir(dirname(next), { recursive: true });
  await cp(dir, next, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  for (const [name, old] of renamed) await rename(join(next, old), join(next, name));
  for (const [name, mail] of mails) await writeTemporary(join(next, name), mail);
  const olds = new Map([...renamed].map(([name, old]) => [basename(name), basename(old)]));
  for (const [path, names] of Object.entries(lists))
    await rewrite(join(next, path), (text) =>
      seriesText(
        text,
        names.map((name) => basename(name)),
        olds,
      ),
    );
  const kept = new Set([...allNames(lists), ...renamed.values()]);
  for (const name of allNames(listsOf(source))) if (!kept.has(name)) await rm(join(next, name));
  await rewrite(join(next, "source.yaml"), (text) => editSource(text, changes));
}

/** Puts the folder that a source becomes in the place of `dir`, at once. Call it with the lock of `dir`. */
export async function putFolder(next: string, dir: string): Promise<void> {
  // `next` may be on another file system.
  const staged = stagingOf(dir);
  await cp(next, staged, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  await replaceFolder(staged, dir);
}

/** Removes an alternate from the folder that a source becomes, with the packaging patches that only it takes. */
export async function dropAlternate(source: Source, index: number, next: string): Promise<void> {
  const series = source.alternates[index]?.packaging;
  const drop = { picks: [], alternates: [index] };
  await rewrite(join(next, "source.yaml"), (text) => editSource(text, { values: {}, drop, merged: [] }));
  const isShared = source.alternates.some((other, at) => at !== index && other.packaging === series);
  if (series === undefined || isShared) return;
  await rm(join(next, "packaging", series));
  const others = Object.entries(source.packaging).flatMap(([name, patches]) => (name === series ? [] : patches));
  for (const { name } of source.packaging[series] ?? [])
    if (!others.some((other) => other.name === name)) await rm(join(next, name));
}

async function rewrite(path: string, change: (text: string) => string): Promise<void> {
  const text = await readText(path, "a project file");
  const changed = change(text);
  if (changed !== text) await writeTemporary(path, changed);
}
