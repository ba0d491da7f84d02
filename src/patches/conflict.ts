import { readFile } from "node:fs/promises";
import type { Patch } from "../config/patch.ts";
import type { Source } from "../config/source.ts";
import { BuildError } from "../errors.ts";
import type { AmFailure, FailedHunk } from "../sys/git-am.ts";
import { git, tryGit, type GitOptions } from "../sys/git.ts";

/**
 * The error for a patch that does not apply. It names the patch's position, each file and hunk, and
 * the cause: an earlier patch touched the same lines, or upstream changed them. Reads the work tree
 * that `git am` left behind, so call it before aborting. `packaging` are the patches on top of the
 * series, `base` is the commit below it.
 */
export async function describeConflict(
  source: Source,
  packaging: readonly Patch[],
  base: string,
  failure: AmFailure,
  options: GitOptions,
): Promise<BuildError> {
  const patches = [...source.patches, ...packaging];
  const patch = patches[failure.position - 1];
  if (patch === undefined) return new BuildError("patch", `The series of \`${source.name}\` does not apply: ${failure.output}`);
  const commits = (await git(["rev-list", "--reverse", `${base}..HEAD`], options)).split("\n");
  const mail = await readFile(patch.path, "utf8");
  const details = await Promise.all(
    failure.hunks.map(async (hunk) => {
      const touched = await lastTouched(hunk, hunkLength(mail, hunk), base, options);
      const earlier = touched === undefined ? undefined : patches[commits.indexOf(touched)];
      const where = hunk.line === undefined ? hunk.file : `${hunk.file}, hunk at line ${hunk.line}`;
      return earlier === undefined
        ? `  ${where}: upstream changed these lines`
        : `  ${where}: conflicts with earlier patch \`${earlier.name}\``;
    }),
  );
  const lines = details.length > 0 ? details.join("\n") : failure.output;
  const head = `Patch \`${patch.name}\` (${failure.position} of ${patches.length} of \`${source.name}\`) does not apply:`;
  const until = source.patches.includes(patch) ? ` --until ${patch.name.replace(/\.patch$/, "")}` : "";
  const mails = packaging.slice(0, packaging.indexOf(patch) + 1).map(({ path }) => path);
  const at = failure.hunks.map((hunk, index) => ({
    file: patch.path,
    line: findHunk(mail, hunk),
    message: `${head}\n${details[index]}`,
  }));
  return new BuildError("patch", `${head}\n${lines}`, {
    at: at.length > 0 ? at : [{ file: patch.path }],
    hint: `kovn-build patches apply ${source.name} DIR${until}, then in DIR: git am --3way --keep-non-patch ${mails.join(" ") || patch.path}`,
  });
}

/**
 * The line of the patch, from 1, where a hunk starts; where the file's diff starts when git named
 * no line.
 */
function findHunk(mail: string, { file, line }: FailedHunk): number | undefined {
  const rows = mail.split("\n");
  const start = rows.findIndex((row) => row.startsWith("diff --git ") && row.endsWith(` b/${file}`));
  const hunk = line === undefined ? -1 : rows.findIndex((row, index) => index > start && row.startsWith(`@@ -${line},`));
  const found = hunk < 0 ? start : hunk;
  return found < 0 ? undefined : found + 1;
}

/** The number of old lines in the hunk at that line, from its `@@ -line,count`. */
function hunkLength(mail: string, { line }: FailedHunk): number {
  return Number(new RegExp(`^@@ -${line},(\\d+) `, "m").exec(mail)?.[1] ?? 1);
}

/**
 * The newest commit above `base` that touched the hunk's lines, or the file when git named no line.
 * Undefined when the last change is upstream's.
 */
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
  // git-blame(1) rejects a range that ends after the last line, but shortens `+length`.
  const blame = await tryGit(["blame", "--porcelain", "-L", `${line},+${length}`, `${base}..HEAD`, "--", file], options);
  const touching = new Set([...blame.stdout.matchAll(/^([0-9a-f]{40}) \d+ \d+/gm)].map((match) => match[1] ?? ""));
  const series = (await git(["rev-list", `${base}..HEAD`, "--", file], options)).split("\n");
  return series.find((commit) => touching.has(commit));
}
