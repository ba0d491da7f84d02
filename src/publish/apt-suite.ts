import { join } from "node:path";
import { BuildError } from "../errors.ts";
import { sha256 } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { readText } from "../sys/read-file.ts";

/** A package in an apt repository: its stanza in a `Packages` file, and the fields used here. */
export interface Stanza {
  readonly text: string;
  readonly package: string;
  readonly version: string;
  readonly architecture: string;
  /** Path relative to the repository. */
  readonly filename: string;
  readonly size: number;
  readonly sha256: string;
}

/** A state of a suite that readers may have seen. */
export interface Suite {
  readonly components: readonly string[];
  readonly architectures: readonly string[];
  /** `Date` of the state, in milliseconds since 1970. */
  readonly date: number;
  /** sha256 of each index, by its path relative to the suite. */
  readonly indices: ReadonlyMap<string, string>;
  readonly stanzas: ReadonlyMap<string, Stanza>;
}

/** Parses a `Packages` file. */
export function parseStanzas(text: string): readonly Stanza[] {
  return text
    .split(/\n{2,}/)
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => ({
      text: part,
      package: field(part, "Package"),
      version: field(part, "Version"),
      architecture: field(part, "Architecture"),
      filename: field(part, "Filename"),
      size: Number(field(part, "Size")),
      sha256: field(part, "SHA256"),
    }));
}

function field(text: string, name: string): string {
  return new RegExp(`^${name}: *(.*)$`, "m").exec(text)?.[1] ?? "";
}

/** The sha256 of each index that a `Release` file names, by path relative to the suite. */
export function parseIndices(release: string): ReadonlyMap<string, string> {
  const rows = [...release.matchAll(/^ ([0-9a-f]{64}) +\d+ (\S+)$/gm)];
  return new Map(rows.map(([, digest = "", path = ""]) => [path, digest]));
}

/**
 * The path of an index for readers that fetch it by its digest
 * (https://wiki.debian.org/DebianRepository/Format#indices_acquisition_via_hashsums_.28by-hash.29).
 */
export function byHash(index: string, digest: string): string {
  return join(index, "../by-hash/SHA256", digest);
}

/**
 * Reads the state that a `Release` or `InRelease` file describes, from its indices. Returns
 * undefined when the file does not exist. Throws "destination" when it or an index is damaged.
 */
export async function readSuite(dir: string, file: string): Promise<Suite | undefined> {
  const release = await readText(join(dir, file), "an index of packages").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (release === undefined) return undefined;
  const indices = parseIndices(release);
  const damaged = (what: string) =>
    new BuildError("destination", what, {
      hint: "restore it from a backup, or publish all builds to a new folder",
    });
  if (indices.size === 0) throw damaged(`${join(dir, file)} is damaged: it names no index.`);
  const stanzas = new Map<string, Stanza>();
  for (const [path, digest] of indices) {
    if (!path.endsWith("/Packages")) continue;
    const copies = [join(dir, byHash(path, digest)), join(dir, path)];
    const texts = await Promise.all(copies.map((copy) => readText(copy, "an index of packages").catch(() => "")));
    const text = texts.find((one) => sha256(one) === digest);
    if (text === undefined) throw damaged(`${join(dir, file)} names ${copies.join(" and ")}, and both are missing or damaged.`);
    for (const stanza of parseStanzas(text)) stanzas.set(stanza.filename, stanza);
  }
  const words = (name: string) =>
    field(release, name)
      .split(" ")
      .filter((word) => word !== "");
  const date = Date.parse(field(release, "Date")) || 0;
  return { components: words("Components"), architectures: words("Architectures"), date, indices, stanzas };
}
