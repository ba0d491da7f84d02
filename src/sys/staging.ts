import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isAlive, ownPid } from "./processes.ts";

/**
 * A hidden path beside `path`, on the same file system, that belongs to this process: for content
 * that will be renamed to `path` (`next`), or was renamed from it (`old`).
 */
export function stagingOf(path: string, role: "next" | "old" = "next"): string {
  return join(dirname(path), `.${basename(path)}.${ownPid}.${role}`);
}

/** True for the name of such a path of any process, beside `name`. */
export function isStagingOf(name: string, file: string): boolean {
  return parseStaged(file)?.name === name;
}

/** Removes what killed runs left beside `path`. Call it before staging anything for that path. */
export async function removeStale(path: string): Promise<void> {
  // A dead process may have had this one's id, as always in a container.
  await removeStaged(dirname(path), (name, pid) => name === basename(path) && (pid === ownPid || !isAlive(pid)));
}

/**
 * Removes what killed runs left in a folder, for any path in it or for one. This process may be
 * staging there.
 */
export async function removeAllStale(folder: string, only?: string): Promise<void> {
  await removeStaged(folder, (name, pid) => (only ?? name) === name && !isAlive(pid));
}

async function removeStaged(folder: string, isStale: (name: string, pid: number) => boolean): Promise<void> {
  for (const file of await readdir(folder).catch(() => [])) {
    const staged = parseStaged(file);
    if (staged !== undefined && isStale(staged.name, staged.pid)) await rm(join(folder, file), { recursive: true, force: true });
  }
}

function parseStaged(file: string): { readonly name: string; readonly pid: number } | undefined {
  const [, name, pid] = /^\.(.+)\.(\d+)\.(?:next|old)$/.exec(file) ?? [];
  return name === undefined ? undefined : { name, pid: Number(pid) };
}
