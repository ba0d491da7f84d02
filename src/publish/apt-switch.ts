import { copyFile, mkdir, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cloneFile, exists, sha256File } from "../sys/files.ts";
import { clearSign, isSignedBy } from "../sys/gpg.ts";
import { errorCode } from "../sys/processes.ts";
import { readText } from "../sys/read-file.ts";
import { removeStale, stagingOf } from "../sys/staging.ts";
import { cleanSuite, previousName } from "./apt-clean.ts";
import { stageIndices } from "./apt-index.ts";
import type { State } from "./apt-state.ts";
import { parseIndices, type Stanza } from "./apt-suite.ts";
import type { YankOptions } from "./publisher.ts";

/** The new state of a suite: what it offers, and files that are staged for it. */
export interface Next {
  readonly stanzas: readonly Stanza[];
  /** Paths of staged packages and documents, which go live before the indices. */
  readonly files: readonly string[];
}

/**
 * Makes the new state of a suite live: packages, by-hash indices, named indices, `Release`, and last
 * `InRelease`, so that readers see either the old state or the new one. Then removes what neither
 * names. Returns the paths that were written, apart from those that a new state always has.
 */
export async function switchTo(
  { stanzas, files }: Next,
  { line, live, liveName }: State,
  place: string,
  staging: string,
  options: YankOptions,
): Promise<{ readonly made: readonly string[]; readonly repaired: readonly string[] }> {
  const indices = await stageIndices(line, stanzas, live, staging, options);
  const suite = join("dists", line);
  const [release, signed, previous] = [join(suite, "Release"), join(suite, "InRelease"), join(suite, previousName)];
  const isSame = live !== undefined && sameIndices(live.indices, await indicesOf(join(staging, release)));
  const isWhole = isSame && sameIndices(live.indices, await indicesOf(join(place, release)));
  const isDue = !isWhole || !(await isSigned(join(place, signed), options));
  // Before anything goes live: gpg may fail.
  if (isDue && options.signer !== undefined)
    await clearSign(join(staging, release), join(staging, signed), options.signer, options);
  const written = await goLive(files, staging, place);
  const hashed = await goLive(indices.byHash, staging, place);
  if (live !== undefined && !isSame) {
    await copyFile(join(place, suite, liveName), join(staging, previous));
    await goLive([previous], staging, place);
  }
  const named = await goLive(indices.plain, staging, place);
  if (isDue) await goLive(options.signer === undefined ? [release] : [release, signed], staging, place);
  await cleanSuite(place, line, options.signer === undefined ? "Release" : "InRelease");
  if (!isSame) return { made: written.made, repaired: written.changed };
  const repaired = [...hashed.made, ...hashed.changed, ...named.made, ...named.changed, ...(isWhole ? [] : [release])];
  const resigned = isDue && options.signer !== undefined ? [signed] : [];
  return { made: [...written.made, ...resigned], repaired: [...written.changed, ...repaired] };
}

async function indicesOf(release: string): Promise<ReadonlyMap<string, string>> {
  return parseIndices(await readText(release, "an index of packages").catch(() => ""));
}

function sameIndices(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([path, digest]) => b.get(path) === digest);
}

async function isSigned(file: string, { signer, host }: YankOptions): Promise<boolean> {
  return signer === undefined || ((await exists(file)) && isSignedBy(signer, [file], { host }));
}

/**
 * Renames staged files into place, in order, except those that are there already. Returns which
 * were new, and which replaced other bytes.
 */
async function goLive(
  paths: readonly string[],
  staging: string,
  place: string,
): Promise<{ readonly made: readonly string[]; readonly changed: readonly string[] }> {
  const [made, changed]: [string[], string[]] = [[], []];
  for (const path of paths) {
    const [from, to] = [join(staging, path), join(place, path)];
    const isThere = await exists(to);
    if (isThere && (await sha256File(to)) === (await sha256File(from))) continue;
    await mkdir(dirname(to), { recursive: true });
    await moveFile(from, to);
    (isThere ? changed : made).push(path);
  }
  return { made, changed };
}

/** `pool` or `dists` may be on another file system than the folder around them. */
async function moveFile(from: string, to: string): Promise<void> {
  await rename(from, to).catch(async (error: unknown) => {
    if (errorCode(error) !== "EXDEV") throw error;
    await removeStale(to);
    const beside = stagingOf(to);
    await cloneFile(from, beside);
    await rename(beside, to);
  });
}
