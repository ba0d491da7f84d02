import { readdir, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { BuildError } from "../errors.ts";
import { exists } from "../sys/files.ts";
import { byHash, readSuite, type Suite } from "./apt-suite.ts";

/** A copy of the previous `InRelease` (or `Release`); the files that it names stay. */
export const previousName = ".previous";

/**
 * Removes packages and by-hash indices that neither the live state of a suite nor the previous one
 * names, so that a reader that began with the previous state still finds all of its files.
 */
export async function cleanSuite(place: string, line: string, liveName: string): Promise<void> {
  const suite = join("dists", line);
  const dir = join(place, suite);
  const states = [await readSuite(dir, liveName), await readPrevious(dir)].filter((state) => state !== undefined);
  const named = new Set(states.flatMap((state) => references(state, suite)));
  const packages = await filesBelow(place, join("pool", line));
  const indices = (await filesBelow(place, suite)).filter((path) => path.includes("/by-hash/"));
  for (const path of [...packages, ...indices]) if (!named.has(path)) await rm(join(place, path), { force: true });
}

/** Reads the state before the live one; undefined when there is none, or it is incomplete. */
export async function readPrevious(dir: string): Promise<Suite | undefined> {
  return readSuite(dir, previousName).catch((error: unknown) => {
    if (error instanceof BuildError) return undefined;
    throw error;
  });
}

function references(state: Suite, suite: string): readonly string[] {
  return [...state.stanzas.keys(), ...[...state.indices].map(([index, digest]) => join(suite, byHash(index, digest)))];
}

async function filesBelow(place: string, path: string): Promise<string[]> {
  const folder = join(place, path);
  const found = (await exists(folder)) ? await readdir(folder, { recursive: true, withFileTypes: true }) : [];
  // Links are somebody else's.
  return found.filter((one) => one.isFile()).map((one) => join(path, relative(folder, join(one.parentPath, one.name))));
}
