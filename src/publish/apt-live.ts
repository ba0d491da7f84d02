import { lstat, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import { cloneFile, sha256File } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { removeStale, stagingOf } from "../sys/staging.ts";
import { makeFolders, renameSynced, syncFile } from "../sys/sync.ts";
import { isInside } from "./apt-clean.ts";

/** A path relative to the repository, and the content that it gets; undefined if that is staged already. */
export type Content = readonly [path: string, content: string | Uint8Array | undefined];

/** Which files were new, and which had other bytes. */
export interface Changes {
  readonly made: readonly string[];
  readonly changed: readonly string[];
}

/**
 * Renames files into place, in order, except those that are there already. Each is on the disk with
 * its name before the next one. Throws "destination" where a link leads out of the repository.
 */
export async function goLive(contents: readonly Content[], place: string, staging: string): Promise<Changes> {
  const [made, changed]: [string[], string[]] = [[], []];
  for (const [path, content] of contents) {
    const [from, to] = [join(staging, path), join(place, path)];
    if (!(await isInside(place, path)))
      throw new BuildError("destination", `A folder of ${to} is a symbolic link.`, {
        hint: "only pool and dists, and the suites' folders in them, may be links",
      });
    if (content !== undefined) await stage(from, content);
    const found = await lstat(to).catch(() => undefined);
    if (found?.isFile() === true && (await haveSameBytes(from, to))) continue;
    await makeFolders(dirname(to));
    await moveFile(from, to);
    (found === undefined ? made : changed).push(path);
  }
  return { made, changed };
}

/** A file of another size is not read: it may be of any size. */
async function haveSameBytes(one: string, other: string): Promise<boolean> {
  const [a, b] = [await lstat(one), await lstat(other)];
  return a.size === b.size && (await sha256File(one)) === (await sha256File(other));
}

async function stage(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { flush: true });
}

/** `pool` or `dists` may be on another file system than the folder around them. */
async function moveFile(from: string, to: string): Promise<void> {
  await renameSynced(from, to).catch(async (error: unknown) => {
    if (errorCode(error) !== "EXDEV") throw error;
    await removeStale(to);
    const beside = stagingOf(to);
    await cloneFile(from, beside);
    await syncFile(beside);
    await renameSynced(beside, to);
  });
}
