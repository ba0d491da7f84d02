import type { Patch } from "../config/patch.ts";
import { shortId } from "../plan/picks.ts";
import { startTrial, type FailedHunk } from "../sys/git-am.ts";
import { git, type GitOptions } from "../sys/git.ts";
import type { Fetched } from "./mirror.ts";

/** A commit below a patch that does not apply: a patch or a pick, by what it is called in messages. */
interface Layer {
  readonly shown: string;
}

/** Why a part of a patch does not apply. */
export type Cause =
  /** It applied before this commit. */
  | { readonly kind: "conflict"; readonly layer: Layer }
  /** It applies after this later patch. */
  | { readonly kind: "order"; readonly patch: Patch }
  /** The change is there already: by this commit, else by upstream. */
  | { readonly kind: "done"; readonly layer: Layer | undefined }
  | { readonly kind: "upstream" };

/** A part of a patch that does not apply, and why. */
export interface HunkCause {
  readonly hunk: FailedHunk;
  readonly cause: Cause;
}

/**
 * Finds which parts of a patch do not apply on HEAD, and why, by applying it elsewhere: before each
 * earlier patch and pick, and after later patches. `mail` is its text, `patches` the series. The
 * picks of `base`, then the first patches, are the commits between `base` and HEAD.
 */
export async function findCauses(
  mail: string,
  patch: Patch,
  patches: readonly Patch[],
  base: Pick<Fetched, "commit" | "picks">,
  options: GitOptions,
): Promise<readonly HunkCause[]> {
  const failed = await (await startTrial("HEAD", options)).failedHunks(patch.path);
  if (failed.length === 0) return [];
  const layers = [
    ...base.picks.map((pick) => ({ shown: `pick \`${shortId(pick)}\`` })),
    ...patches.map(({ name }) => ({ shown: `earlier patch \`${name}\`` })),
  ];
  const states = await statesOf(base.commit, failed, layers, options);
  const later = patches.slice(patches.indexOf(patch) + 1);
  const causes = new Map<FailedHunk, Cause>();
  await findDone(mail, patch, failed, states, causes, options);
  for (const { commit, next } of states) {
    const open = failed.filter((hunk) => !causes.has(hunk));
    if (open.length === 0 || next === undefined) continue;
    const still = await (await startTrial(commit, options)).failedHunks(patch.path);
    for (const hunk of open) if (!has(still, hunk)) causes.set(hunk, { kind: "conflict", layer: next });
  }
  const trial = await startTrial("HEAD", options);
  for (const other of later) {
    const open = failed.filter((hunk) => !causes.has(hunk));
    if (open.length === 0) break;
    if (!(await trial.apply(other.path))) continue;
    const still = await trial.failedHunks(patch.path);
    for (const hunk of open) if (!has(still, hunk)) causes.set(hunk, { kind: "order", patch: other });
  }
  return failed.map((hunk) => ({ hunk, cause: causes.get(hunk) ?? { kind: "upstream" } }));
}

/** A commit, and the one on it that changes one of the files. */
interface State {
  readonly commit: string;
  readonly next: Layer | undefined;
}

/** The states of the files from HEAD down to `base`. */
async function statesOf(
  base: string,
  failed: readonly FailedHunk[],
  layers: readonly Layer[],
  options: GitOptions,
): Promise<readonly State[]> {
  const list = async (...paths: readonly string[]) =>
    (await git(["rev-list", `${base}..HEAD`, ...paths], options)).split("\n").filter((id) => id !== "");
  const [all, touching] = [await list(), await list("--", ...failed.map(({ file }) => file))];
  const below = touching.map((id) => {
    const index = all.indexOf(id);
    return { commit: all[index + 1] ?? base, next: layers[all.length - 1 - index] };
  });
  return [{ commit: "HEAD", next: undefined }, ...below];
}

/** Finds the parts whose change is there already: it can be undone, and not in a state below. */
async function findDone(
  mail: string,
  patch: Patch,
  failed: readonly FailedHunk[],
  states: readonly State[],
  causes: Map<FailedHunk, Cause>,
  options: GitOptions,
): Promise<void> {
  let done = failed;
  for (const { commit, next } of states) {
    if (done.length === 0) return;
    const kept = await (await startTrial(commit, options)).failedHunks(patch.path, "reverse");
    const isDone = (hunk: FailedHunk) => !has(kept, { ...hunk, line: newLine(mail, hunk) });
    for (const hunk of done) if (!isDone(hunk) && next !== undefined) causes.set(hunk, { kind: "done", layer: next });
    done = done.filter(isDone);
  }
  for (const hunk of done) causes.set(hunk, { kind: "done", layer: undefined });
}

/** True if the part, or its whole file, is among those that failed. */
function has(failed: readonly FailedHunk[], { file, line }: FailedHunk): boolean {
  return failed.some((other) => other.file === file && (other.line === undefined || line === undefined || other.line === line));
}

/** The line of a hunk's new lines, from its `@@ -line,count +line,count @@`. */
function newLine(mail: string, { file, line }: FailedHunk): number | undefined {
  const diff = mail.slice(mail.indexOf(`\n+++ b/${file}\n`));
  const start = new RegExp(`^@@ -${line}(?:,\\d+)? \\+(\\d+)`, "m").exec(diff)?.[1];
  return start === undefined ? undefined : Number(start);
}
