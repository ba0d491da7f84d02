import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { refusalOf } from "../errors.ts";
import { keyOf } from "../plan/key.ts";
import { errorCode } from "../sys/processes.ts";
import { sha256Schema } from "../sys/schemas.ts";
import { artifactSchema, builtJobSchema } from "../dist/manifest.ts";
import { readText } from "../sys/read-file.ts";

/** A path in the job's folder. */
const path = z.string().refine((value) => !value.startsWith("/") && !value.split("/").includes(".."));

const file = z.union([
  z.object({ path, size: z.int().nonnegative(), sha256: sha256Schema }),
  /** A symbolic link and its target. */
  z.object({ path, link: z.string() }),
]);

const resultSchema = z.object({
  key: sha256Schema,
  /** Everything that the result depends on (parts.ts). */
  parts: z.record(z.string(), z.string()),
  /** When the job finished. */
  finished: z.iso.datetime(),
  built: builtJobSchema,
  artifacts: z.array(artifactSchema).readonly(),
  /** All cached files: the artifacts, and the outputs that other jobs use. */
  files: z.array(file).readonly(),
});

/** A cached file of a job's folder; `size` is in bytes. */
export type CachedFile = Readonly<z.infer<typeof file>>;
/** The result of a job as the cache describes it. */
export type CachedResult = Readonly<z.infer<typeof resultSchema>>;

/** A result that lies in the cache. */
export interface StoredResult extends CachedResult {
  /** When a run last used or made it: milliseconds since 1970. */
  readonly used: number;
}

/** Bytes of a result's files. */
export function sizeOf({ files }: CachedResult): number {
  return files.reduce((sum, cached) => sum + ("size" in cached ? cached.size : 0), 0);
}

/** The folder of all results. */
export function resultsDir(cache: string): string {
  return join(cache, "jobs");
}

/** The file that describes a result; its time says when the result was last used. */
export function resultFile(cache: string, key: string): string {
  return join(resultsDir(cache), key, "entry.json");
}

/**
 * The text of a result's description. It holds its own digest, so that damage is noticed as it is
 * in other files.
 */
export function serializeResult(result: CachedResult): string {
  // As it will be read: without fields that are undefined.
  const described = JSON.parse(JSON.stringify(result)) as CachedResult;
  return `${JSON.stringify({ ...described, digest: keyOf(described) })}\n`;
}

/**
 * Reads a result's description; undefined when there is none or it cannot be opened, "damaged" when
 * it is not valid.
 */
export async function readResult(cache: string, key: string): Promise<StoredResult | "damaged" | undefined> {
  const name = resultFile(cache, key);
  try {
    const { mtimeMs } = await stat(name);
    const { digest, ...described } = JSON.parse(await readText(name, "a cached result", { follow: false })) as Record<
      string,
      unknown
    >;
    if (digest !== keyOf(described)) return "damaged";
    const checked = resultSchema.safeParse(described);
    return checked.data?.key === key ? { ...checked.data, used: mtimeMs } : "damaged";
  } catch (error) {
    return errorCode(error) === "ENOENT" || refusalOf(error) !== undefined ? undefined : "damaged";
  }
}

/** Keys of all results, damaged ones included; none when there is no folder. */
export async function listKeys(cache: string): Promise<readonly string[]> {
  const names = await readdir(resultsDir(cache)).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => /^[0-9a-f]{64}$/.test(name));
}

/** All results that can be read, the last used first. */
export async function listResults(cache: string): Promise<readonly StoredResult[]> {
  const read = await Promise.all((await listKeys(cache)).map((key) => readResult(cache, key)));
  const whole = read.filter((one) => one !== undefined && one !== "damaged");
  return whole.toSorted((a, b) => b.used - a.used);
}
