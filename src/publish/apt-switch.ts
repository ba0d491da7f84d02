import { join } from "node:path";
import { clearSign } from "../sys/gpg.ts";
import { renameSynced } from "../sys/sync.ts";
import { cleanSuite, findStale, pastNames, readPasts } from "./apt-clean.ts";
import { stateFiles } from "./apt-heads.ts";
import { makeState, type NewState, type Offer } from "./apt-index.ts";
import { bytesOf, changeAt, goLive, type Changes, type Content } from "./apt-live.ts";
import { markOwn } from "./apt-own.ts";
import type { State } from "./apt-state.ts";
import { byHash, type Suite } from "./apt-suite.ts";
import { stateNames, type Live } from "./apt-trust.ts";
import { filesWith, type Intent, type YankOptions } from "./publisher.ts";

/** A suite, and the state that it is to have. Its files are in memory. */
export interface Switch extends Pick<State, "suite" | "live" | "previous" | "isRotated"> {
  readonly state: NewState;
  /** True when readers will see no other state, only files that were lost or are signed again. */
  readonly isSame: boolean;
  /** The files that hold the state. */
  readonly heads: readonly Content[];
  /** The files that hold the states before it. */
  readonly past: readonly Content[];
}

/** Which files were new, which had other bytes, and which signatures another key had made. */
export interface Switched extends Changes {
  readonly replaced: readonly string[];
}

/** Makes the files of a suite's new state. Writes nothing. */
export async function prepareSwitch(
  offer: Offer,
  { suite, live, previous, isRotated }: Pick<State, "suite" | "live" | "previous" | "isRotated">,
  options: YankOptions,
): Promise<Switch> {
  const state = await makeState(suite.name, offer, live, options);
  const isSame = live !== undefined && sameIndices(live, state);
  // Before anything goes live: gpg may fail.
  const heads = await stateFiles(isSame ? live.text : state.text, isSame, suite, options);
  const past = isSame || live === undefined ? [] : await pastFiles(live, previous, options);
  return { suite, live, previous, isRotated, state, isSame, heads, past };
}

/** What becomes of each file of a suite when its state is switched, packages and documents aside. */
export async function changesOf(one: Switch, options: YankOptions): Promise<Intent["files"]> {
  const { suite, live, previous, isSame, state, heads, past } = one;
  const files: Intent["files"][number][] = [];
  const { hashed, named } = indicesOf(one);
  for (const [name, content] of [...hashed, ...past, ...named, ...heads]) {
    // A state that is stale goes when the next one is live.
    if (content === undefined || name === pastNames.stale) continue;
    const path = join("dists", suite.name, name);
    files.push({ change: await changeAt(path, bytesOf(content), suite.place), name: path });
  }
  const [left, before] = [await readPasts(suite, options), [live, previous].filter(isThere)];
  const removed = [
    ...(await findStale(suite, left, before)),
    ...(await findStale(suite, isSame ? [] : before, [state, ...(isSame ? [previous] : [live])].filter(isThere))),
  ];
  const written = new Set(files.map(({ name }) => name));
  return [
    ...files,
    ...filesWith(
      "removed",
      [...new Set(removed)].filter((name) => !written.has(name)),
    ),
  ];
}

/** The indices of a state, by digest and by name. */
function indicesOf({ state }: Switch): Readonly<Record<"hashed" | "named", readonly Content[]>> {
  const indices = [...state.indices.values()];
  return {
    hashed: indices.map((index) => [byHash(index), index.content]),
    named: indices.map((index) => [index.path, index.content]),
  };
}

/**
 * Makes the new state of a suite live, after the `files` that are staged for it: indices by digest, packages, named indices, `Release`, and
 * last `InRelease`, so that readers see either the old state or the new one. Then removes what
 * neither names. Returns the paths that were written, apart from those that a new state always has.
 */
export async function switchTo(next: Switch, files: readonly string[], staging: string, options: YankOptions): Promise<Switched> {
  const { suite, live, previous, isRotated, state, isSame, heads, past } = next;
  const { name: suiteName, place } = suite;
  if (isRotated) await renameSynced(join(suite.dir, pastNames.stale), join(suite.dir, pastNames.previous));
  await cleanSuite(suite, [live, previous].filter(isThere), options);

  const put = async (contents: readonly Content[]) =>
    goLive(
      contents.map(([name, content]) => [join("dists", suiteName, name), content]),
      place,
      staging,
    );
  const indices = indicesOf(next);
  const hashed = await put(indices.hashed);
  const [, head] = heads.at(-1) ?? [];
  if (!isSame && head !== undefined) await put([[pastNames.next, head]]);
  const written = await goLive(
    files.map((path) => [path, undefined]),
    place,
    staging,
  );
  for (const content of past) await put([content]);
  const named = await put(indices.named);
  const { made, changed } = await put(heads);
  await markOwn(place, suiteName);
  await cleanSuite(suite, [state, isSame ? previous : live].filter(isThere), options);
  if (!isSame) return { ...written, replaced: [] };
  const isSignature = (path: string) => !path.endsWith(`/${stateNames.plain}`);
  const all = [...made, ...changed];
  const isNewKey = live?.key !== undefined && live.key !== options.signer?.primary;
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
