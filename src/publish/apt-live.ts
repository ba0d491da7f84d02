import { lstat, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import { cloneFile, sha256, sha256File } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { removeStale, stagingOf } from "../sys/staging.ts";
import { makeFolders, renameSynced, syncFile } from "../sys/sync.ts";
import { isInside } from "./apt-clean.ts";

/** A path relative to the repository, and the content that it gets; undefined if that is staged already. */
export type Content = readonly [path: string, content: string | Uint8Array | undefined];

/** What a file must hold. */
export interface Bytes {
  readonly size: number;
  readonly sha256: () => Promise<string>;
}

/** The bytes of a content. */
export function bytesOf(content: string | Uint8Array): Bytes {
  return { size: Buffer.byteLength(content), sha256: async () => sha256(content) };
}

/**
 * Says what becomes of a path that gets these bytes. Throws "destination" where a link leads out of
 * the repository.
 */
export async function changeAt(path: string, bytes: Bytes, place: string): Promise<"new" | "same" | "replaced"> {
  const to = join(place, path);
  if (!(await isInside(place, path)))
    throw new BuildError("destination", `A folder of ${to} is a symbolic link.`, {
      hint: "only pool and dists, and the suites' folders in them, may be links",
    });
  const found = await lstat(to).catch(() => undefined);
  if (found === undefined) return "new";
  // A file of another size is not read: it may be of any size.
  const isSame = found.isFile() && found.size === bytes.size && (await sha256File(to)) === (await bytes.sha256());
  return isSame ? "same" : "replaced";
}

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
    if (content !== undefined) await stage(from, content);
    const bytes = content === undefined ? await bytesOfFile(from) : bytesOf(content);
    const change = await changeAt(path, bytes, place);
    if (change === "same") continue;
    await makeFolders(dirname(to));
    await moveFile(from, to);
    (change === "new" ? made : changed).push(path);
  }
  return { made, changed };
}

async function bytesOfFile(path: string): Promise<Bytes> {
  return { size: (await lstat(path)).size, sha256: async () => sha256File(path) };
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
