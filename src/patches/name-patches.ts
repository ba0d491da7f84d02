import type { Patch } from "../config/patch.ts";
import { git, gitBytes, patchId, type GitOptions } from "../sys/git.ts";
import { readBytes } from "../sys/read-file.ts";

/** A commit, the name of its file, and the patch that it was before. */
export interface Named {
  readonly id: string;
  readonly subject: string;
  readonly name: string;
  readonly old: Patch | undefined;
}

/**
 * Names the file of each commit: that of the old patch with the same subject, else of one with the
 * same change, else a new slug, but not one of `others`.
 */
export async function namePatches(
  commits: readonly string[],
  patches: readonly Patch[],
  options: GitOptions,
  others: readonly string[] = [],
): Promise<readonly Named[]> {
  const subjects = await subjectsOf(commits, options);
  const free = new Set(patches);
  const olds = subjects.map((subject) => take(free, (patch) => patch.subject === subject));
  const changes = new Map<Patch, string>();
  if (olds.includes(undefined))
    for (const patch of free) changes.set(patch, await patchId(await readBytes(patch.path, "a patch"), options));
  const taken = new Set([...others, ...patches.map((patch) => patch.name)]);
  const named: Named[] = [];
  for (const [index, id] of commits.entries()) {
    const subject = subjects[index] ?? "";
    const change = olds[index] === undefined && free.size > 0 ? await patchId(await diffOf(id, options), options) : "";
    const old = olds[index] ?? (change === "" ? undefined : take(free, (patch) => changes.get(patch) === change));
    const name = old?.name ?? freeName(subject, taken);
    taken.add(name);
    named.push({ id, subject, name, old });
  }
  return named;
}

async function subjectsOf(commits: readonly string[], options: GitOptions): Promise<readonly string[]> {
  if (commits.length === 0) return [];
  const log = ["log", "-z", "--no-walk=unsorted", "--encoding=UTF-8", "--format=%s"];
  return (await git([...log, ...commits], options)).split("\0");
}

function take(free: Set<Patch>, isIt: (patch: Patch) => boolean): Patch | undefined {
  const found = [...free].find(isIt);
  if (found !== undefined) free.delete(found);
  return found;
}

async function diffOf(commit: string, options: GitOptions): Promise<Buffer> {
  return gitBytes(["diff-tree", "-p", "--no-renames", "--full-index", "--binary", commit], options);
}

/** A name for the file of a patch with that subject, which is not taken. */
export function freeName(subject: string, taken: ReadonlySet<string>): string {
  const slug = subject
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60)
    .replace(/-+$/, "");
  for (let number = 1; ; number++) {
    const name = `${slug || "change"}${number === 1 ? "" : `-${number}`}.patch`;
    if (!taken.has(name)) return name;
  }
}
