import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { refusalOf } from "../errors.ts";
import { keyOf } from "../plan/key.ts";
import { errorCode } from "../sys/processes.ts";
import { sha256Schema } from "../sys/schemas.ts";
import { artifactSchema, builtJobSchema } from "../dist/manifest.ts";

/** A path in the job's folder. */
const path = z.string().refine((value) => !value.startsWith("/") && !value.split("/").includes(".."));

const file = z.union([
  z.object({ path, size: z.int().nonnegative(), sha256: sha256Schema }),
  /** A symbolic link and where it leads. */
  z.object({ path, link: z.string() }),
]);

const entry = z.object({
  key: sha256Schema,
  /** What decided the result (plan/parts.ts). */
  parts: z.record(z.string(), z.string()),
  /** When it was finished. */
  finished: z.iso.datetime(),
  built: builtJobSchema,
  artifacts: z.array(artifactSchema).readonly(),
  /** All that is kept: artifacts, and the outputs for other jobs. */
  files: z.array(file).readonly(),
});

/** A file of a job's folder that is kept; `size` is in bytes. */
export type CachedFile = Readonly<z.infer<typeof file>>;
/** A finished job as the cache keeps it. */
export type Entry = Readonly<z.infer<typeof entry>>;

/** An entry with what only its place knows. */
export interface StoredEntry extends Entry {
  /** When a run took something of it, or made it: milliseconds since 1970. */
  readonly used: number;
}

/** Bytes of an entry's files. */
export function sizeOf({ files }: Entry): number {
  return files.reduce((sum, kept) => sum + ("size" in kept ? kept.size : 0), 0);
}

/** Where entries lie in the cache's folder. */
export function entriesDir(cache: string): string {
  return join(cache, "jobs");
}

/** The file that describes an entry; an entry is used whenever its time is set. */
export function entryFile(cache: string, key: string): string {
  return join(entriesDir(cache), key, "entry.json");
}

/** An entry's description as text, with its own digest: what is altered in it is found out as what is altered in a file is. */
export function serializeEntry(finished: Entry): string {
  // As it is read again, where nothing is undefined.
  const described = JSON.parse(JSON.stringify(finished)) as Entry;
  return `${JSON.stringify({ ...described, digest: keyOf(described) })}\n`;
}

/** Reads an entry's description; undefined when there is none that may be read, "damaged" when it says nothing that can be used. */
export async function readEntry(cache: string, key: string): Promise<StoredEntry | "damaged" | undefined> {
  const name = entryFile(cache, key);
  try {
    const { mtimeMs } = await stat(name);
    const { digest, ...described } = JSON.parse(await readFile(name, "utf8")) as Record<string, unknown>;
    const checked = entry.safeParse(described);
    const isWhole = digest === keyOf(described) && checked.success && checked.data.key === key;
    return isWhole ? { ...checked.data, used: mtimeMs } : "damaged";
  } catch (error) {
    return errorCode(error) === "ENOENT" || refusalOf(error) !== undefined ? undefined : "damaged";
  }
}

/** Keys of all entries, whole or not. */
export async function listKeys(cache: string): Promise<readonly string[]> {
  const names = await readdir(entriesDir(cache)).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => /^[0-9a-f]{64}$/.test(name));
}

/** All entries that can be read, the last used first. */
export async function listResults(cache: string): Promise<readonly StoredEntry[]> {
  const read = await Promise.all((await listKeys(cache)).map((key) => readEntry(cache, key)));
  const whole = read.filter((one) => one !== undefined && one !== "damaged");
  return whole.toSorted((a, b) => b.used - a.used);
}
