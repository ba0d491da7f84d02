import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { exists } from "./files.ts";
import { gitPath } from "./git-path.ts";
import { git, gitBytes, gitSays, tryGit, type GitOptions } from "./git.ts";

/** A file of a tree: its mode and blob. */
export interface TreeFile {
  readonly mode: string;
  readonly blob: string;
}

/**
 * A file that a merge could not finish. Its path has a character for each byte. Stage 1 is the file
 * before the change, 2 that of the tree, 3 that after the change; a stage without the file is absent.
 */
export interface Unmerged {
  readonly path: string;
  readonly stages: Readonly<Partial<Record<1 | 2 | 3, TreeFile>>>;
}

/** Lists the unmerged files of the index. */
export async function listUnmerged(options: GitOptions): Promise<readonly Unmerged[]> {
  const listed = await gitBytes(["ls-files", "--unmerged", "-z"], options);
  const found = new Map<string, Partial<Record<1 | 2 | 3, TreeFile>>>();
  for (const row of listed.toString("latin1").split("\0").filter(Boolean)) {
    const [, mode = "", blob = "", stage = "", path = ""] = /^(\d+) ([0-9a-f]+) (\d)\t(.*)$/s.exec(row) ?? [];
    found.set(path, { ...found.get(path), [stage]: { mode, blob } });
  }
  return [...found].map(([path, stages]) => ({ path, stages }));
}

/**
 * How a change was merged: the files in which a conflict is left, and those in which git resolved
 * each conflict as a person did before (git-rerere(1)).
 */
export interface MergedChange {
  readonly unmerged: readonly Unmerged[];
  readonly remembered: readonly Unmerged[];
}

/** git's strategies: `resolve` does not look for renamed files, so it needs the files of the change only. */
export type Strategy = "ort" | "resolve";

/**
 * Merges the change of a commit into the index and the work tree, three-way (git-cherry-pick(1)).
 * Makes no commit. Throws "build" when git cannot begin.
 */
export async function mergeChange(commit: string, strategy: Strategy, options: GitOptions): Promise<MergedChange> {
  const args = ["cherry-pick", "--no-commit", `--strategy=${strategy}`, commit];
  const merged = await tryGit(args, { ...options, settings: [["rerere.enabled", "false"]] });
  if (merged.exitCode === 0) return { unmerged: [], remembered: [] };
  const all = await listUnmerged(options);
  if (all.length === 0) throw new BuildError("build", `git cherry-pick ${commit} failed: ${gitSays(merged)}`);
  if (strategy === "resolve") await nameSides(all, options);
  await git(["rerere"], options);
  const unmerged = await listUnmerged(options);
  const left = new Set(unmerged.map(({ path }) => path));
  return { unmerged, remembered: all.filter(({ path }) => !left.has(path)) };
}

/** Writes conflicts again: the strategy `resolve` marks their sides with names of temporary files. */
async function nameSides(unmerged: readonly Unmerged[], options: GitOptions): Promise<void> {
  const paths = unmerged.flatMap(({ path, stages }) => (Object.keys(stages).length === 3 ? `${path}\0` : []));
  if (paths.length === 0) return;
  const input = Buffer.from(paths.join(""), "latin1");
  const env = { ...options.env, GIT_LITERAL_PATHSPECS: "1" };
  const args = ["checkout", "--quiet", "--merge", "--pathspec-from-file=-", "--pathspec-file-nul"];
  await git(args, { ...options, env, input });
}

/**
 * Applies the change of a commit to another one as a patch: with all lines around it, at any line.
 * Returns the tree; undefined if it does not apply. The index and the work tree stay as they are.
 */
export async function applyChange(commit: string, head: string, options: GitOptions): Promise<string | undefined> {
  const index = await gitPath("kovn-build-strict", options);
  const own = { ...options, env: { ...options.env, GIT_INDEX_FILE: index } };
  await git(["read-tree", head], own);
  const format = ["diff-tree", "-p", "-U3", "--no-renames", "--full-index", "--binary", `${commit}^`, commit];
  const input = await gitBytes(format, options);
  const applied = await tryGit(["apply", "--cached", "--whitespace=nowarn", "-"], { ...own, input });
  return applied.exitCode === 0 ? git(["write-tree"], own) : undefined;
}

/** What is merged: the content before the change, that of the tree, and that after the change. */
export interface Three<T> {
  readonly before: T;
  readonly tree: T;
  readonly after: T;
}

/** Where the two sides of a merged file conflict. */
export interface ContentConflict {
  /** The line of the tree's file, from 1. */
  readonly line: number;
  /** The lines after the change; a character for each byte. */
  readonly after: string;
}

/** A merged file. `choose` makes it with the side after the change for some conflicts, by their index, else the tree's. */
interface MergedContent {
  readonly conflicts: readonly ContentConflict[];
  readonly choose: (isTaken: (index: number) => boolean) => Buffer;
}

/** So many marks that no file has them. */
const markerSize = 61;

/**
 * Merges the contents of three blobs (git-merge-file(1)). `dir` is a folder for them as files.
 * Returns undefined for binary files.
 */
export async function mergeBlobs(blobs: Three<string>, dir: string, options: GitOptions): Promise<MergedContent | undefined> {
  const paths = [];
  for (const blob of [blobs.tree, blobs.before, blobs.after]) {
    const path = join(dir, blob);
    if (!(await exists(path))) await writeFile(path, await gitBytes(["cat-file", "blob", blob], options));
    paths.push(path);
  }
  const args = ["merge-file", "--stdout", "--quiet", `--marker-size=${markerSize}`, ...paths];
  const { exitCode, stdout } = await tryGit(args, { ...options, encoding: "latin1" });
  // The number of conflicts, or a failure.
  return exitCode > 127 ? undefined : readMerged(stdout);
}

function readMerged(text: string): MergedContent {
  const mark = (sign: string) => sign.repeat(markerSize);
  const conflicts: { line: number; after: string[] }[] = [];
  const rows: { readonly text: string; readonly side: Side; readonly index: number }[] = [];
  let side: Side = "both";
  let line = 1;
  for (const row of text.split("\n")) {
    if (row.startsWith(mark("<"))) {
      conflicts.push({ line, after: [] });
      side = "tree";
    } else if (side === "tree" && row.startsWith(mark("="))) side = "after";
    else if (side === "after" && row.startsWith(mark(">"))) side = "both";
    else {
      rows.push({ text: row, side, index: conflicts.length - 1 });
      if (side !== "after") line++;
      else conflicts.at(-1)?.after.push(row);
    }
  }
  return {
    conflicts: conflicts.map(({ line: at, after }) => ({ line: at, after: after.join("\n") })),
    choose: (isTaken) => {
      const chosen = rows.filter((row) => row.side === "both" || (row.side === "after") === isTaken(row.index));
      return Buffer.from(chosen.map((row) => row.text).join("\n"), "latin1");
    },
  };
}

/** Which side of a conflict a line is of. */
type Side = "both" | "tree" | "after";

/** Writes a blob and returns its id. */
export async function writeBlob(content: Buffer, options: GitOptions): Promise<string> {
  return git(["hash-object", "-w", "--stdin"], { ...options, input: content });
}

/** Sets files of the index, each whole; undefined removes the file. Ends what was unmerged there. */
export async function setFiles(
  files: readonly (readonly [path: string, file: TreeFile | undefined])[],
  options: GitOptions,
): Promise<void> {
  const gone = `0 ${"0".repeat(40)}\t`;
  const rows = files.map(([path, file]) => `${gone}${path}\0${file === undefined ? "" : `${file.mode} ${file.blob}\t${path}\0`}`);
  await git(["update-index", "-z", "--index-info"], { ...options, input: Buffer.from(rows.join(""), "latin1") });
}

/** The file at a path of a commit's tree; undefined if there is none. */
export async function fileAt(commit: string, path: string, options: GitOptions): Promise<TreeFile | undefined> {
  const literal = { ...options, env: { ...options.env, GIT_LITERAL_PATHSPECS: "1" } };
  const listed = await tryGit(["ls-tree", "-z", commit, "--", showPath(path)], literal);
  const [, mode, blob] = /^(\d+) (?:blob|commit) ([0-9a-f]{40})\t/.exec(listed.stdout) ?? [];
  return mode === undefined || blob === undefined ? undefined : { mode, blob };
}

/** Arguments are UTF-8: a path of other bytes is not found. */
function showPath(path: string): string {
  return Buffer.from(path, "latin1").toString();
}
