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

/** The text of a series with these names; a comment stays with the patch below it. */
export function seriesText(text: string, names: readonly string[]): string {
  const lines = text.split("\n");
  const nameOf = (line: string) => line.replace(/(^|\s)#.*$/, "").trim();
  const before = lines.map(nameOf).filter((name) => name !== "");
  if (before.join("\n") === names.join("\n")) return text;
  const blocks = new Map<string, string[]>();
  let comments: string[] = [];
  for (const line of lines) {
    comments.push(line);
    if (nameOf(line) === "") continue;
    blocks.set(nameOf(line), comments);
    comments = [];
  }
  const rows = [...names.flatMap((name) => blocks.get(name) ?? [name]), ...comments];
  return `${rows.join("\n").trimEnd()}\n`;
}
