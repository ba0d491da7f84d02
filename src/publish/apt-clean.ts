import { lstat, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { byHash, type Suite } from "./apt-suite.ts";
import { readPast, type SuitePlace } from "./apt-trust.ts";
import type { YankOptions } from "./publisher.ts";

/** States of a suite that readers do not see: each is an `InRelease`, or a `Release` if nobody signs. */
export const pastNames = {
  /** The one before the live one; the files that it names stay. */
  previous: ".previous",
  /** The one before that. */
  stale: ".stale",
  /** The one that is going live. */
  next: ".next",
} as const;

/** What a state names. */
type Named = Pick<Suite, "stanzas" | "indices">;

/**
 * Removes packages that a stale state names, or one that was not finished, and that neither the live
 * nor the previous one names. A reader that began with the previous state still finds all of its
 * files. Files that no state of ours names are somebody else's, and stay.
 */
export async function cleanSuite(suite: SuitePlace, states: readonly Named[], options: YankOptions): Promise<void> {
  const past = await readPasts(suite, options);
  for (const path of await findStale(suite, past, states)) await rm(join(suite.place, path), { force: true });
  for (const name of passing) await rm(join(suite.dir, name), { force: true });
}

/** States that are no longer needed, or were not finished. */
const passing = [pastNames.next, pastNames.stale];

/** The stale state and one that was not finished, as far as they are there. */
export async function readPasts(suite: SuitePlace, options: YankOptions): Promise<readonly Named[]> {
  const found = await Promise.all(passing.map(async (name) => readPast(suite, name, options)));
  return found.flatMap((state) => state ?? []);
}

/** Paths of packages that only `past` states name, and of indices by digest that none of `states` names. */
export async function findStale(suite: SuitePlace, past: readonly Named[], states: readonly Named[]): Promise<readonly string[]> {
  const named = new Set(states.flatMap((state) => [...state.stanzas.keys()]));
  const stale = new Set(past.flatMap((state) => [...state.stanzas.keys()]).filter((filename) => !named.has(filename)));
  const found: string[] = [];
  for (const filename of stale) if (await isInside(suite.place, filename)) found.push(filename);
  return [...found, ...(await findStaleIndices(suite, states))];
}

async function findStaleIndices({ place, name: suite, dir }: SuitePlace, states: readonly Named[]): Promise<readonly string[]> {
  const named = new Set(states.flatMap((state) => [...state.indices.values()].map(byHash)));
  const found: string[] = [];
  for (const folder of new Set([...named].map(dirname))) {
    if (!(await isInside(place, join("dists", suite, folder, "x")))) continue;
    for (const name of await readdir(join(dir, folder)).catch(() => []))
      if (/^[0-9a-f]{64}$/.test(name) && !named.has(join(folder, name))) found.push(join("dists", suite, folder, name));
  }
  return found;
}

/**
 * True when no folder on the way to a file is a link, from the third part of its path on. `pool` and
 * `dists`, and a suite's folder in them, may be links to other disks.
 */
export async function isInside(place: string, path: string): Promise<boolean> {
  const parts = dirname(path).split("/");
  for (let length = 3; length <= parts.length; length++) {
    const found = await lstat(join(place, ...parts.slice(0, length))).catch(() => undefined);
    if (found?.isDirectory() === false) return false;
  }
  return true;
}
