import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Patch } from "../../config/patch.ts";
import { BuildError } from "../../errors.ts";
import type { Host } from "../../sys/exec.ts";
import { gitSays, tryGit } from "../../sys/git.ts";
import { readBytes } from "../../sys/read-file.ts";
import { withScratch } from "../../sys/with-scratch.ts";
import { withoutSame, type ChangedPatch, type SeriesChanges } from "../compare.ts";

/** Gives each changed patch that has no diff one of the two patch files. A patch whose files differ only in ids and line numbers is unchanged. */
export async function addInterdiffs(changes: SeriesChanges, work: string, host: Host): Promise<SeriesChanges> {
  if (changes.changed.every(({ diff }) => diff !== undefined)) return changes;
  return withScratch(work, "interdiff", host, async (dir) => {
    const changed: ChangedPatch[] = [];
    for (const change of changes.changed)
      changed.push({ ...change, diff: change.diff ?? (await interdiff(change.before, change.patch, dir, host)) });
    return withoutSame({ ...changes, changed });
  });
}

/** A diff of two patch files without what changes by itself: ids, line numbers, the table of files. */
async function interdiff(before: Patch, after: Patch, dir: string, host: Host): Promise<string> {
  const files = [join(dir, "before"), join(dir, "after")];
  for (const [index, { path }] of [before, after].entries())
    await writeFile(files[index] ?? "", comparable((await readBytes(path, "a patch")).toString("latin1")), "latin1");
  const found = await tryGit(["diff", "--no-index", "--no-color", "--text", "--", ...files], { host });
  if (found.exitCode > 1) throw new BuildError("build", `git diff failed: ${gitSays(found)}`);
  const start = found.stdout.indexOf("\n@@ ");
  return start < 0 ? "" : found.stdout.slice(start + 1).trimEnd();
}

/** The text of a patch, without what two files of the same change differ in. */
function comparable(text: string): string {
  const lines = text.replace(/^From [0-9a-f]{40} .*\n/, "").split("\n");
  const end = lines.indexOf("---");
  const start = lines.findIndex((line, index) => index > end && line.startsWith("diff --git "));
  if (end < 0 || start < 0) return text;
  const signature = lines.lastIndexOf("-- ");
  const diff = lines.slice(start, signature > start && signature >= lines.length - 4 ? signature : undefined);
  const places = diff.flatMap((line) => (line.startsWith("index ") ? [] : [line.replace(/^@@ -\S+ \+\S+ @@.*/, "@@")]));
  return [...lines.slice(0, end + 1), "", ...places].join("\n");
}
