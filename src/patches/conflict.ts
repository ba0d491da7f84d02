import { readFile } from "node:fs/promises";
import type { Source } from "../config/source.ts";
import { BuildError } from "../errors.ts";
import { git, tryGit, type AmFailure, type FailedHunk, type GitOptions } from "../sys/git.ts";

/**
 * The error for a patch that does not apply: its position, each file and hunk, and who last touched those lines: an earlier patch of the
 * series (a cascade: mend that one) or upstream (a root: mend this one). Looks at the work tree as `git am` left it, so call it before that
 * is undone. `base` is the commit below the series.
 */
export async function describeConflict(
  source: Source,
  base: string,
  failure: AmFailure,
  options: GitOptions,
): Promise<BuildError> {
  const patch = source.patches[failure.position - 1];
  if (patch === undefined) return new BuildError("patch", `The series of \`${source.name}\` does not apply: ${failure.output}`);
  const commits = (await git(["rev-list", "--reverse", `${base}..HEAD`], options)).split("\n");
  const mail = await readFile(patch.path, "utf8");
  const details = await Promise.all(
    failure.hunks.map(async (hunk) => {
      const touched = await lastTouched(hunk, hunkLength(mail, hunk), base, options);
      const earlier = source.patches[commits.indexOf(touched ?? "")];
      const where = hunk.line === undefined ? hunk.file : `${hunk.file}, hunk at line ${hunk.line}`;
      return earlier === undefined
        ? `  ${where}: upstream has other lines there than the patch expects (a root)`
        : `  ${where}: last touched by \`${earlier.name}\` of this series (a cascade)`;
    }),
  );
  const lines = details.length > 0 ? details.join("\n") : failure.output;
  const head = `Patch \`${patch.name}\` (${failure.position} of ${source.patches.length} of \`${source.name}\`) does not apply:`;
  const slug = patch.name.replace(/\.patch$/, "");
  const at = failure.hunks.map((hunk, index) => ({
    file: patch.path,
    line: findHunk(mail, hunk),
    message: `${head}\n${details[index]}`,
  }));
  return new BuildError("patch", `${head}\n${lines}`, {
    at: at.length > 0 ? at : [{ file: patch.path }],
    hint: `kovn-build patches apply ${source.name} DIR --until ${slug}, then in DIR: git am --3way ${patch.path}`,
  });
}

/** The line of a patch, from 1, at which a hunk begins, or the part of the file when git named no line. */
function findHunk(mail: string, { file, line }: FailedHunk): number | undefined {
  const rows = mail.split("\n");
  const start = rows.findIndex((row) => row.startsWith("diff --git ") && row.endsWith(` b/${file}`));
  const hunk = line === undefined ? -1 : rows.findIndex((row, index) => index > start && row.startsWith(`@@ -${line},`));
  const found = hunk < 0 ? start : hunk;
  return found < 0 ? undefined : found + 1;
}

/** How many old lines the hunk at that line spans, as its `@@ -line,count` says. */
function hunkLength(mail: string, { line }: FailedHunk): number {
  return Number(new RegExp(`^@@ -${line},(\\d+) `, "m").exec(mail)?.[1] ?? 1);
}

/** The newest commit above `base` that touched the hunk's lines, or the file when git named no line; undefined when upstream was the last. */
async function lastTouched(
  { file, line }: FailedHunk,
  length: number,
  base: string,
  options: GitOptions,
): Promise<string | undefined> {
  if (line === undefined) {
    const log = await tryGit(["log", "-1", "--format=%H", `${base}..HEAD`, "--", file], options);
    return log.stdout.trim() || undefined;
  }
  // A range that ends behind the file's last line is an error of git-blame(1): `+length` is shortened to what is there.
  const blame = await tryGit(["blame", "--porcelain", "-L", `${line},+${length}`, `${base}..HEAD`, "--", file], options);
  const touching = new Set([...blame.stdout.matchAll(/^([0-9a-f]{40}) \d+ \d+/gm)].map((match) => match[1] ?? ""));
  const series = (await git(["rev-list", `${base}..HEAD`, "--", file], options)).split("\n");
  return series.find((commit) => touching.has(commit));
}
