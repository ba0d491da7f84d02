import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { sortBy } from "../order.ts";
import { sha256, sha256File } from "../sys/files.ts";
import { expandXz } from "../sys/xz.ts";
import { textOf } from "./apt-index.ts";
import { readPackage } from "./apt-package.ts";
import { isValid } from "./apt-paragraph.ts";
import type { Stanza } from "./apt-stanza.ts";
import { byHash, damaged, packagesPath, parseRelease, readIndex, readSuite, type Index, type Release } from "./apt-suite.ts";
import { believe, readIfThere, stateNames, type Live, type SuitePlace } from "./apt-trust.ts";
import type { YankOptions } from "./publisher.ts";

/**
 * Finds the live state of a suite in any of its files, and its indices in any copy, compressed, or
 * made again from the pool: each has the digest that the signed text says. Undefined when a part of
 * it is nowhere.
 */
export async function findWhole(suite: SuitePlace, pool: readonly Stanza[], options: YankOptions): Promise<Live | undefined> {
  for (const state of await findTexts(suite, options)) {
    const fail = (what: string) => damaged(what, suite);
    try {
      const release = parseRelease(state.text, suite.name, fail);
      const read = async (index: Index) => recover(index, release, suite, pool, options);
      return { ...(await readSuite(release, suite.name, read, fail)), ...state };
    } catch (error) {
      if (!(error instanceof BuildError) || error.code !== "destination") throw error;
    }
  }
  return undefined;
}

/** What the key vouches for; if nobody signs, the text of `Release`. */
async function findTexts(suite: SuitePlace, options: YankOptions): Promise<readonly Pick<Live, "text" | "bytes" | "key">[]> {
  const read = async (name: string) => readIfThere(join(suite.dir, name), suite).catch(() => undefined);
  const [signed, plain, signature] = [
    await read(stateNames.signed),
    await read(stateNames.plain),
    await read(stateNames.signature),
  ];
  if (options.signer === undefined) return plain === undefined ? [] : [{ text: plain.toString(), bytes: plain, key: undefined }];
  const found: Pick<Live, "text" | "bytes" | "key">[] = [];
  for (const [bytes, beside] of [
    [signed, undefined],
    [plain, signature],
  ] as const) {
    if (bytes === undefined || (bytes === plain && beside === undefined)) continue;
    const good = await believe(bytes, beside, options);
    if (good !== undefined) found.push({ text: good.text, bytes, key: good.key });
  }
  return found;
}

async function recover(
  index: Index,
  release: Release,
  suite: SuitePlace,
  pool: readonly Stanza[],
  options: YankOptions,
): Promise<string> {
  const { dir } = suite;
  const copy = await readIndex(dir, index);
  if (copy !== undefined) return copy;
  const compressed = release.indices.get(`${index.path}.xz`);
  if (compressed !== undefined)
    for (const path of [byHash(compressed), compressed.path]) {
      const bytes = await readIfThere(join(dir, path), suite).catch(() => undefined);
      if (bytes === undefined || sha256(bytes) !== compressed.sha256) continue;
      const text = await expandXz(bytes, options);
      if (sha256(text) === index.sha256) return text;
    }
  for (const component of release.components)
    for (const architecture of release.architectures) {
      if (packagesPath(component, architecture) !== index.path) continue;
      const text = textOf(pool, component, architecture);
      if (sha256(text) === index.sha256) return text;
    }
  throw damaged(`${join(dir, index.path)} is lost.`, suite);
}

/** The packages in the pool of a suite, by their own control files; reports files that are none. */
export async function readPool({ name: suite, place }: SuitePlace, { host }: YankOptions): Promise<readonly Stanza[]> {
  const stanzas: Stanza[] = [];
  const folder = join("pool", suite);
  for (const component of await readdir(join(place, folder)).catch(() => [])) {
    if (!isValid("name", component)) continue;
    for (const name of await readdir(join(place, folder, component)).catch(() => [])) {
      const [filename, path] = [join(folder, component, name), join(place, folder, component, name)];
      const found = await lstat(path);
      if (!isValid("file", name) || !found.isFile()) continue;
      const placed = { filename, size: found.size, sha256: await sha256File(path) };
      const stanza = await readPackage(path, placed, host).catch((error: unknown) => {
        if (!(error instanceof BuildError) || error.code !== "digest") throw error;
        host.task.notice(`${path} is left out: it is not a whole package.`);
      });
      if (stanza !== undefined) stanzas.push(stanza);
    }
  }
  return sortBy(stanzas, (stanza) => stanza.filename);
}
