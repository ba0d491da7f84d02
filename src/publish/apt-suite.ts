import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { sha256 } from "../sys/files.ts";
import { readText } from "../sys/read-file.ts";
import { isValid, parseParagraph } from "./apt-paragraph.ts";
import { assertOneContent, parseStanzas, type Stanza } from "./apt-stanza.ts";

/** An index that a `Release` file names. */
export interface Index {
  /** Path relative to the suite. */
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

/** What a `Release` file says. */
export interface Release {
  /** The text, as it was signed. */
  readonly text: string;
  readonly components: readonly string[];
  readonly architectures: readonly string[];
  /** `Date` of the state, in milliseconds since 1970. */
  readonly date: number;
  /** By path. */
  readonly indices: ReadonlyMap<string, Index>;
}

/** A state of a suite that readers may have seen: a `Release` file, and what its indices name. */
export interface Suite extends Release {
  /** By `Filename`. */
  readonly stanzas: ReadonlyMap<string, Stanza>;
  /** Packages that were taken out, and never come back. */
  readonly yanked: readonly Stanza[];
}

/** The index of packages that were taken out; readers do not fetch it. */
export const yankedIndex = "Yanked";

/** The error for a state that cannot be used, and the command that repairs it. */
export function damaged(what: string, suite: Repairable): BuildError {
  return new BuildError("destination", what, { hint: howToRepair(suite) });
}

/** What a command to repair names: the repository's folder, and the key that signs now. */
export interface Repairable {
  readonly place: string;
  /** The fingerprint; undefined for nobody. */
  readonly key: string | undefined;
}

export function howToRepair({ place, key }: Repairable): string {
  return `kovn-build publish --repair apt=${place}${key === undefined ? "" : ` --sign ${key}`}`;
}

/** Parses a `Release` file. Calls `fail` with what is wrong, such as the state of another suite. */
export function parseRelease(text: string, suite: string, fail: (what: string) => Error): Release {
  const { fields } = parseParagraph(text, fail);
  const words = (name: string) => (fields.get(name) ?? "").split(/\s+/).filter((word) => word !== "");
  const assertAll = (kind: "name" | "architecture", all: readonly string[]) => {
    const wrong = all.find((word) => !isValid(kind, word));
    if (wrong !== undefined) throw fail(`\`${wrong.slice(0, 60)}\` is not a name for a part of a suite`);
    return all;
  };
  const [components, architectures] = [assertAll("name", words("components")), assertAll("architecture", words("architectures"))];
  if (fields.get("codename") !== suite) throw fail(`it is not a state of suite ${suite}`);
  const expected = new Set([
    yankedIndex,
    ...components.flatMap((component) =>
      architectures.flatMap((architecture) => {
        const path = packagesPath(component, architecture);
        return [path, `${path}.xz`];
      }),
    ),
  ]);
  const indices = new Map<string, Index>();
  for (const row of (fields.get("sha256") ?? "").split("\n").slice(1)) {
    const [, digest = "", size = "", path = ""] = /^ ([0-9a-f]{64}) +(\d{1,12}) (\S+)$/.exec(row) ?? [];
    if (!expected.has(path) || indices.has(path)) throw fail(`it names \`${row.trim().slice(-60)}\`, which is not an index`);
    indices.set(path, { path, sha256: digest, size: Number(size) });
  }
  if (indices.size === 0) throw fail("it names no index");
  return { text, components, architectures, date: Date.parse(fields.get("date") ?? "") || 0, indices };
}

/** The path of the index of a component for an architecture. */
export function packagesPath(component: string, architecture: string): string {
  return join(component, `binary-${architecture}`, "Packages");
}

/**
 * The path of an index for readers that fetch it by its digest
 * (https://wiki.debian.org/DebianRepository/Format#indices_acquisition_via_hashsums_.28by-hash.29).
 */
export function byHash({ path, sha256: digest }: Pick<Index, "path" | "sha256">): string {
  return join(path, "../by-hash/SHA256", digest);
}

/** Reads an index; undefined when no copy of it has the digest that the `Release` file says. */
export async function readIndex(dir: string, index: Index): Promise<string | undefined> {
  for (const copy of [byHash(index), index.path]) {
    const text = await readText(join(dir, copy), "an index of packages").catch(() => "");
    if (sha256(text) === index.sha256) return text;
  }
  return undefined;
}

/**
 * Parses what the indices of a `Release` file name, with `read` for their texts. Calls `fail` with
 * what is wrong.
 */
export async function readSuite(
  release: Release,
  suite: string,
  read: (index: Index) => Promise<string>,
  fail: (what: string) => Error,
): Promise<Suite> {
  const stanzas = new Map<string, Stanza>();
  const parse = async (index: Index) =>
    parseStanzas(await read(index), suite, (what) => fail(`its index ${index.path} is not valid: ${what}`));
  for (const index of release.indices.values())
    if (index.path.endsWith("/Packages"))
      for (const stanza of await parse(index)) {
        assertOneContent(stanza, stanzas.get(stanza.filename), fail);
        stanzas.set(stanza.filename, stanza);
      }
  const yanked = release.indices.get(yankedIndex);
  return { ...release, stanzas, yanked: yanked === undefined ? [] : await parse(yanked) };
}
