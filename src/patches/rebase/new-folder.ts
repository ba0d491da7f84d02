import { cp, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { editSource, type SourceChanges } from "../../config/edit-source.ts";
import type { Source } from "../../config/source.ts";
import { packagingSeries, pinOf } from "../../plan/base.ts";
import { readText } from "../../sys/read-file.ts";
import { writeTemporary } from "../../sys/write-whole.ts";
import { seriesText } from "../replace-series.ts";

/** What a source's folder becomes: its patches in their order, by their paths, those that change, its fields. */
export interface NewFolder {
  readonly names: readonly string[];
  readonly mails: ReadonlyMap<string, Buffer>;
  readonly changes: SourceChanges;
}

/** Copies the folder of a source to `next`, which must not exist, and changes it there. */
export async function makeFolder(source: Source, { names, mails, changes }: NewFolder, dir: string, next: string): Promise<void> {
  await mkdir(dirname(next), { recursive: true });
  await cp(dir, next, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  for (const [name, mail] of mails) await writeTemporary(join(next, name), mail);
  const own = packagingSeries(source, pinOf(source));
  const isPackaging = (name: string) => name.startsWith("packaging/");
  await rewrite(join(next, "series"), (text) =>
    seriesText(
      text,
      names.filter((name) => !isPackaging(name)),
    ),
  );
  const before = source.packaging[own];
  if (before !== undefined)
    await rewrite(join(next, "packaging", own), (text) =>
      seriesText(
        text,
        names.filter(isPackaging).map((name) => name.slice("packaging/".length)),
      ),
    );
  const others = Object.entries(source.packaging).flatMap(([name, patches]) => (name === own ? [] : patches));
  const kept = new Set([...names, ...others.map(({ name }) => name)]);
  for (const { name } of [...source.patches, ...(before ?? [])]) if (!kept.has(name)) await rm(join(next, name));
  await rewrite(join(next, "source.yaml"), (text) => editSource(text, changes));
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
