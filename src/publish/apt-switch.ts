import { join } from "node:path";
import { clearSign } from "../sys/gpg.ts";
import { renameSynced } from "../sys/sync.ts";
import { cleanSuite, pastNames } from "./apt-clean.ts";
import { stateFiles } from "./apt-heads.ts";
import { makeState, type Offer } from "./apt-index.ts";
import { goLive, type Changes, type Content } from "./apt-live.ts";
import { markOwn } from "./apt-own.ts";
import type { State } from "./apt-state.ts";
import { byHash, type Suite } from "./apt-suite.ts";
import { stateNames, type Live } from "./apt-trust.ts";
import type { YankOptions } from "./publisher.ts";

/** The new state of a suite: what it offers, and files that are staged for it. */
export interface Next extends Offer {
  /** Paths of staged packages and documents, which go live before the state. */
  readonly files: readonly string[];
}

/** Which files were new, which had other bytes, and which signatures another key had made. */
export interface Switched extends Changes {
  readonly replaced: readonly string[];
}

/**
 * Makes the new state of a suite live: indices by digest, packages, named indices, `Release`, and
 * last `InRelease`, so that readers see either the old state or the new one. Then removes what
 * neither names. Returns the paths that were written, apart from those that a new state always has.
 */
export async function switchTo(
  { files, ...offer }: Next,
  { suite, live, previous, isRotated }: Pick<State, "suite" | "live" | "previous" | "isRotated">,
  staging: string,
  options: YankOptions,
): Promise<Switched> {
  const { name: suiteName, place } = suite;
  const state = await makeState(suiteName, offer, live, options);
  const isSame = live !== undefined && sameIndices(live, state);
  // Before anything goes live: gpg may fail.
  const heads = await stateFiles(isSame ? live.text : state.text, isSame, suite, options);
  const past = isSame || live === undefined ? [] : await pastFiles(live, previous, options);
  if (isRotated) await renameSynced(join(suite.dir, pastNames.stale), join(suite.dir, pastNames.previous));
  await cleanSuite(suite, [live, previous].filter(isThere), options);

  const put = async (contents: readonly Content[]) =>
    goLive(
      contents.map(([name, content]) => [join("dists", suiteName, name), content]),
      place,
      staging,
    );
  const indices = [...state.indices.values()];
  const hashed = await put(indices.map((index) => [byHash(index), index.content]));
  const [, head] = heads.at(-1) ?? [];
  if (!isSame && head !== undefined) await put([[pastNames.next, head]]);
  const written = await goLive(
    files.map((path) => [path, undefined]),
    place,
    staging,
  );
  for (const one of past) await put([one]);
  const named = await put(indices.map((index) => [index.path, index.content]));
  const { made, changed } = await put(heads);
  await markOwn(place, suiteName);
  await cleanSuite(suite, [state, isSame ? previous : live].filter(isThere), options);
  if (!isSame) return { ...written, replaced: [] };
  const isSignature = (path: string) => !path.endsWith(`/${stateNames.plain}`);
  const all = [...made, ...changed];
  const isNewKey = live.key !== undefined && live.key !== options.signer?.primary;
  const signatures = all.filter(isSignature);
  return {
    made: [...written.made, ...(isNewKey ? [] : signatures)],
    changed: [
      ...written.changed,
      ...[hashed, named].flatMap((one) => [...one.made, ...one.changed]),
      ...all.filter((path) => !isSignature(path)),
    ],
    replaced: isNewKey ? signatures : [],
  };
}

/** The live state becomes the previous one, and that a stale one. */
async function pastFiles(live: Live, previous: Live | undefined, options: YankOptions): Promise<readonly Content[]> {
  if (previous?.text === live.text) return [];
  const isOwn = live.key === options.signer?.primary;
  const bytes = isOwn || options.signer === undefined ? live.bytes : await clearSign(live.text, options.signer, options);
  const stale: readonly Content[] = previous === undefined ? [] : [[pastNames.stale, previous.bytes]];
  return [...stale, [pastNames.previous, bytes]];
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}

function sameIndices(a: Pick<Suite, "indices">, b: Pick<Suite, "indices">): boolean {
  return (
    a.indices.size === b.indices.size && [...a.indices].every(([path, { sha256 }]) => b.indices.get(path)?.sha256 === sha256)
  );
}
