import { lstat, readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { BuildError } from "../errors.ts";
import { listOf } from "../list.ts";
import { errorCode } from "../sys/processes.ts";
import { readManifest } from "./manifest.ts";
import { verifiedName } from "./verified.ts";

/** Files beside the artifacts, which `artifacts.json` does not name. */
export const besides: readonly string[] = ["SHA256SUMS", "artifacts.json", verifiedName];

/**
 * Throws "usage" unless a folder does not exist, is empty, or is what a build made: it has an
 * `artifacts.json`, which names everything in it. Anything else is a person's, and stays.
 */
export async function assertOurs(folder: string): Promise<void> {
  const foreign = await findForeign(folder);
  if (foreign.length === 0) return;
  throw new BuildError("usage", `Folder ${folder} would be replaced, but no build made ${listOf(foreign)}.`, {
    hint: "--out DIR for another folder, or move it away",
  });
}

/** What in a folder is not of the build that its `artifacts.json` describes. */
async function findForeign(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  });
  if (entries.length === 0) return [];
  const artifacts = await namedIn(folder);
  const files = new Set(artifacts === undefined ? [] : [...besides, ...artifacts]);
  const folders = new Set([...files].flatMap(foldersOf));
  const found = entries.map((entry) => ({ path: relative(folder, join(entry.parentPath, entry.name)), entry }));
  return found.filter(({ path, entry }) => !(entry.isDirectory() ? folders : files).has(path)).map(({ path }) => path);
}

/** The files that a folder's `artifacts.json` names; undefined when there is none that can be read. */
async function namedIn(folder: string): Promise<readonly string[] | undefined> {
  const isThere = await lstat(join(folder, "artifacts.json")).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isThere) return undefined;
  const manifest = await readManifest(join(folder, "artifacts.json")).catch((error: unknown) => {
    if (error instanceof BuildError) return undefined;
    throw error;
  });
  return manifest?.artifacts.map((artifact) => artifact.file);
}

function foldersOf(path: string): readonly string[] {
  const parent = dirname(path);
  return parent === "." ? [] : [parent, ...foldersOf(parent)];
}
