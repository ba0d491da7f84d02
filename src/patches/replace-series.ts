import { cp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { readBytes } from "../sys/read-file.ts";
import { replaceFolder } from "../sys/replace-folder.ts";
import { stagingOf } from "../sys/staging.ts";
import { writeTemporary } from "../sys/write-whole.ts";

/** What a series becomes: its names in order, and the bytes of each file that changes. */
export interface NewSeries {
  readonly names: readonly string[];
  readonly mails: ReadonlyMap<string, Buffer>;
}

/**
 * Replaces a series in the folder of its source at once: a copy of the folder takes its place when
 * it is complete. All other files stay. Call it with the lock of `dir`, after `recoverFolder`. `check` reads the copy before that, and throws if it is
 * wrong. Returns the names of the patches that are gone.
 */
export async function replaceSeries(
  dir: string,
  { names, mails }: NewSeries,
  check: (copy: string) => Promise<void>,
): Promise<readonly string[]> {
  const next = stagingOf(dir);
  const series = (await readBytes(join(dir, "series"), "a project file")).toString("latin1");
  const text = seriesText(series, names);
  const dropped = (await readdir(dir)).filter((file) => file.endsWith(".patch") && !names.includes(file));
  if (mails.size === 0 && dropped.length === 0 && text === series) return [];
  try {
    await cp(dir, next, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    for (const [name, mail] of mails) await writeTemporary(join(next, name), mail);
    for (const name of dropped) await rm(join(next, name));
    if (text !== series) await writeTemporary(join(next, "series"), Buffer.from(text, "latin1"));
    await check(next);
    await replaceFolder(next, dir);
  } finally {
    await rm(next, { recursive: true, force: true });
  }
  return dropped;
}

/**
 * The text of a series with these names. The comments at its top stay there; any other comment stays
 * with the patch below it. `renamed` has old names by new ones.
 */
export function seriesText(text: string, names: readonly string[], renamed: ReadonlyMap<string, string> = new Map()): string {
  const lines = text.split("\n");
  const nameOf = (line: string) => line.replace(/(^|\s)#.*$/, "").trim();
  const before = lines.map(nameOf).filter((name) => name !== "");
  if (before.join("\n") === names.join("\n")) return text;
  const blocks = new Map<string, readonly string[]>();
  let top: readonly string[] = [];
  let comments: string[] = [];
  for (const line of lines) {
    const name = nameOf(line);
    if (name !== "" && blocks.size === 0) [top, comments] = [comments, []];
    comments.push(line);
    if (name === "") continue;
    blocks.set(name, comments);
    comments = [];
  }
  const rowsOf = (name: string) => {
    const old = renamed.get(name);
    if (old === undefined) return blocks.get(name) ?? [name];
    const [line = old, ...above] = (blocks.get(old) ?? []).toReversed();
    return [...above.toReversed(), line.replace(old, name)];
  };
  return `${[...top, ...names.flatMap(rowsOf), ...comments].join("\n").trimEnd()}\n`;
}
