import { realpathSync } from "node:fs";
import { lstat, mkdir, realpath, rmdir, stat, statfs } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { refusalOf } from "../errors.ts";
import { exists } from "./files.ts";
import { errorCode } from "./processes.ts";
import { readSystemText } from "./read-file.ts";
import { findStale, stagingOf } from "./staging.ts";

/** The path itself if it exists, else the nearest folder above it that does. */
async function nearestExisting(path: string): Promise<string> {
  return (await exists(path)) || path === dirname(path) ? path : nearestExisting(dirname(path));
}

/**
 * Free bytes on the file system of a path, which need not exist; `dir` is the existing path that
 * was measured.
 */
export async function freeSpace(path: string): Promise<{ readonly dir: string; readonly bytes: number }> {
  const dir = await nearestExisting(path);
  const { bavail, bsize } = await statfs(dir);
  return { dir, bytes: bavail * bsize };
}

/** The path without symbolic links, as far as it exists: the same for each name of a place. */
export function truePath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === dirname(path) ? path : join(truePath(dirname(path)), basename(path));
  }
}

/** True when a file system is mounted at the path, so that it cannot be renamed (proc(5), mountinfo). */
export async function isMountPoint(path: string): Promise<boolean> {
  const mounts = readSystemText("/proc/self/mountinfo");
  const real = await realpath(path).catch(() => resolve(path));
  const unescape = (text: string) =>
    text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
  return mounts.split("\n").some((row) => unescape(row.split(" ")[4] ?? "") === real);
}

/** What is in the place of a folder at a path or above it, such as a file; undefined when nothing is. */
export async function findInTheWay(folder: string): Promise<string | undefined> {
  const nearest = await nearestExisting(resolve(folder));
  return (await stat(nearest)).isDirectory() ? undefined : nearest;
}

/**
 * Says why no file can be made in a folder, which need not exist yet; undefined when one can. Makes
 * and removes an empty folder to find out.
 */
export async function whyUnwritable(folder: string): Promise<string | undefined> {
  try {
    let dir = resolve(folder);
    while (!(await exists(dir)) && dir !== dirname(dir)) {
      const found = await lstat(dir).catch(() => undefined);
      if (found?.isSymbolicLink() === true) return `${dir} is a link to nothing`;
      // Unless another process has made it meanwhile.
      if (found === undefined) dir = dirname(dir);
    }
    if (!(await stat(dir)).isDirectory()) return "a part of the path is not a folder";
    const trial = stagingOf(join(dir, "kovn"), "try");
    await mkdir(trial);
    // With those of killed runs, which are empty as well. Another run may be removing this one.
    for (const empty of [trial, ...(await findStale(join(dir, "kovn"), "try"))])
      await rmdir(empty).catch((error: unknown) => {
        if (errorCode(error) !== "ENOENT") throw error;
      });
    return undefined;
  } catch (error) {
    // Such as ENOENT below /proc.
    return refusalOf(error) ?? `no folder can be made there (${errorCode(error) ?? String(error)})`;
  }
}
