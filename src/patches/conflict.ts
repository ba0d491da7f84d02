import type { Patch } from "../config/patch.ts";
import type { Source } from "../config/source.ts";
import { BuildError } from "../errors.ts";
import type { AmFailure, FailedHunk } from "../sys/git-am.ts";
import type { GitOptions } from "../sys/git.ts";
import { readBytes } from "../sys/read-file.ts";
import type { Fetched } from "./mirror.ts";
import { findCauses, type Cause, type HunkCause } from "./conflict-cause.ts";

/** Patches beside the series: those on top of it, and those that were left out of it. */
export interface Others {
  readonly packaging: readonly Patch[];
  readonly gone: readonly Patch[];
}

/**
 * The error for a patch that does not apply. It names the patch's position, each file and hunk, and
 * the cause. Reads the commits that `git am` made before on those of the picks of `base`.
 */
export async function describeConflict(
  source: Source,
  { packaging, gone }: Others,
  base: Pick<Fetched, "commit" | "picks">,
  failure: AmFailure,
  options: GitOptions,
): Promise<BuildError> {
  const patches = [...source.patches, ...packaging];
  const patch = patches[failure.position - 1];
  if (patch === undefined) return new BuildError("patch", `The series of \`${source.name}\` does not apply: ${failure.output}`);
  const mail = (await readBytes(patch.path, "a patch")).toString("latin1");
  const causes = await findCauses(mail, patch, [...patches, ...gone], base, options);
  const details = causes.map((one) => describeHunk(one, gone));
  const lines = details.length > 0 ? details.join("\n") : failure.output;
  const head = `Patch \`${patch.name}\` (${failure.position} of ${patches.length} of \`${source.name}\`) does not apply:`;
  const at = causes.map(({ hunk }, index) => ({
    file: patch.path,
    line: findHunk(mail, hunk),
    message: `${head}\n${details[index]}`,
  }));
  return new BuildError("patch", `${head}\n${lines}`, {
    at: at.length > 0 ? at : [{ file: patch.path }],
    hint: adviceFor(
      causes.map(({ cause }) => cause),
      source,
      packaging,
      patch,
    ),
  });
}

/** A part of a patch that does not apply, and why, as a row of a message. `gone` are patches that were left out. */
export function describeHunk({ hunk, cause }: HunkCause, gone: readonly Patch[] = []): string {
  const where = hunk.line === undefined ? hunk.file : `${hunk.file}, hunk at line ${hunk.line}`;
  const isGone = cause.kind === "order" && gone.includes(cause.patch);
  return `  ${where}: ${isGone ? `needs \`${cause.patch.name}\`` : describeCause(cause, hunk)}`;
}

function describeCause(cause: Cause, { why }: FailedHunk): string {
  if (cause.kind === "conflict") return `conflicts with ${cause.layer.shown}`;
  if (cause.kind === "order") return `needs later patch \`${cause.patch.name}\``;
  if (cause.kind === "done")
    return cause.layer === undefined ? "upstream has this change already" : `${cause.layer.shown} makes this change already`;
  if (why === undefined) return "upstream changed these lines";
  return why === "missing" ? "upstream has no such file" : "upstream has such a file";
}

/** What to do about the causes of one patch. */
function adviceFor(causes: readonly Cause[], source: Source, packaging: readonly Patch[], patch: Patch): string {
  const [first] = causes;
  if (first?.kind === "order") return `put \`${first.patch.name}\` above \`${patch.name}\` in \`series\``;
  if (causes.length > 0 && causes.every(({ kind }) => kind === "done"))
    return `remove \`${patch.name}\` and its line in \`series\`; if upstream has an entry of the seed, list it in \`merged\` of source.yaml`;
  const until = source.patches.includes(patch) ? ` --until ${patch.name.replace(/\.patch$/, "")}` : "";
  const mails = packaging.slice(0, packaging.indexOf(patch) + 1).map(({ path }) => path);
  const apply = `kovn-build patches apply ${source.name} DIR --line ${source.line}${until}`;
  return `${apply}, then in DIR: git am --3way --keep-non-patch ${mails.join(" ") || patch.path}`;
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
