import { randomBytes } from "node:crypto";
import { lstat, mkdir, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { removeFolder } from "./files.ts";
import { ownUser } from "./processes.ts";
import { makeFolders } from "./sync.ts";

/**
 * What such a path is for: content that will be renamed (`next`), that was renamed and may have to
 * be renamed back (`old`), or an empty folder that shows that one can be made (`try`).
 */
export type StagingRole = "next" | "old" | "try";

/**
 * A hidden path beside `path`, on the same file system. It is new each time, and nobody can guess
 * it. Make it exclusively anyway (`wx`, `mkdir`), with the lock of `path`.
 */
export function stagingOf(path: string, role: StagingRole = "next"): string {
  return join(dirname(path), `.${basename(path)}.kovn-${randomBytes(8).toString("hex")}.${role}`);
}

/** Makes a new, empty folder beside `path`, to be filled and renamed. */
export async function stageFolder(path: string): Promise<string> {
  const staging = stagingOf(path);
  await makeFolders(dirname(path));
  await mkdir(staging);
  return staging;
}

/** The name that a file's or folder's name is staged for, and why; undefined for any other name. */
export function parseStaged(file: string): { readonly name: string; readonly role: StagingRole } | undefined {
  const [, name, role] = /^\.(.+)\.kovn-[0-9a-f]{16}\.(next|old|try)$/.exec(file) ?? [];
  return name === undefined ? undefined : { name, role: role as StagingRole };
}

/** True for the name of a path that is staged for `name`. */
export function isStagingOf(name: string, file: string): boolean {
  return parseStaged(file)?.name === name;
}

/**
 * What killed runs left beside `path`, by its name and owner: another user may have made anything
 * there. Call it with the lock of `path`, or it finds what another run is working on.
 */
export async function findStale(path: string, role?: StagingRole): Promise<readonly string[]> {
  const found: string[] = [];
  for (const file of await readdir(dirname(path)).catch(() => [])) {
    const staged = parseStaged(file);
    if (staged?.name !== basename(path) || (role ?? staged.role) !== staged.role) continue;
    const beside = join(dirname(path), file);
    if (await isOwn(beside)) found.push(beside);
  }
  return found;
}

/** Removes what killed runs left beside `path`. Call it with the lock of `path`. */
export async function removeStale(path: string): Promise<void> {
  for (const beside of await findStale(path)) await removeFolder(beside);
}

/** True for what exists and belongs to the user of this process. */
async function isOwn(path: string): Promise<boolean> {
  return lstat(path).then(
    ({ uid }) => ownUser === undefined || uid === ownUser,
    () => false,
  );
}
