import { lstat, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { truePath } from "./disk.ts";
import { ownUser } from "./processes.ts";

/** What another user may have put at a path before this process used it. */
export interface Planted {
  readonly path: string;
  /** The id of its owner. */
  readonly owner: number;
}

/**
 * Finds what another user made in a folder in which anybody may write, such as /tmp: the path
 * itself, a folder above it, or a link on the way. What root, the folder's owner or this user made
 * is not it.
 */
export async function findPlanted(path: string): Promise<Planted | undefined> {
  if (ownUser === undefined) return undefined;
  for (const one of new Set([resolve(path), truePath(resolve(path))])) {
    const found = await findOnWay(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function findOnWay(path: string): Promise<Planted | undefined> {
  const parent = dirname(path);
  if (parent === path) return undefined;
  const above = await findOnWay(parent);
  if (above !== undefined) return above;
  const [around, found] = await Promise.all([stat(parent).catch(() => undefined), lstat(path).catch(() => undefined)]);
  if (around === undefined || found === undefined || (around.mode & 0o002) === 0) return undefined;
  return [0, ownUser, around.uid].includes(found.uid) ? undefined : { path, owner: found.uid };
}
