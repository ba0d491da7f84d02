import { readdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isAlive, ownPid } from "./processes.ts";

/**
 * A hidden path beside `path`, on the same file system, which belongs to this process: for what will be renamed to `path` (`next`), or what
 * was renamed from it (`old`).
 */
export function stagingOf(path: string, role: "next" | "old" = "next"): string {
  return join(dirname(path), `.${basename(path)}.${ownPid}.${role}`);
}

/** Removes what killed runs left beside `path`. Call it before anything is staged for that path. */
export async function removeStale(path: string): Promise<void> {
  // A dead process may have had this one's id: in a container it always has.
  await removeStaged(dirname(path), (name, pid) => name === basename(path) && (pid === ownPid || !isAlive(pid)));
}

/** Removes what killed runs left in a folder, for whatever path in it; this process may be staging there. */
export async function removeAllStale(folder: string): Promise<void> {
  await removeStaged(folder, (_name, pid) => !isAlive(pid));
}

async function removeStaged(folder: string, isStale: (name: string, pid: number) => boolean): Promise<void> {
  for (const file of await readdir(folder).catch(() => [])) {
    const [, name, pid] = /^\.(.+)\.(\d+)\.(?:next|old)$/.exec(file) ?? [];
    if (name !== undefined && isStale(name, Number(pid))) await rm(join(folder, file), { recursive: true, force: true });
  }
}
