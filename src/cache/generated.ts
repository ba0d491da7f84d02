import { mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { z } from "zod";
import { refusalOf } from "../errors.ts";
import { keyOf } from "../plan/key.ts";
import { makeRecord } from "../record.ts";
import type { Generated, GeneratedFile, GeneratedFiles } from "../steps/step.ts";
import { removeFolder } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { readBytes } from "../sys/read-file.ts";
import { writeWhole } from "../sys/write-whole.ts";
import { distance, explainChange, type Parts } from "./parts.ts";

/** How many are kept: two MB each, one or two for each job and state of what it is configured from. */
const limit = 64;

/** How many changes are named. */
const shown = 5;

const path = z.string().refine((value) => !value.startsWith("/") && !value.split("/").includes(".."));
const entrySchema = z.object({
  parts: z.record(z.string(), z.string()),
  from: z.string(),
  files: z.array(
    z.union([
      z.object({ path, mode: z.int(), base64: z.base64() }),
      z.object({ path, link: z.string() }),
      z.object({ path, folder: z.literal(true) }),
    ]),
  ),
});
type Entry = z.infer<typeof entrySchema>;

/** The folder of generated files in the cache. */
function generatedFolder(cache: string): string {
  return join(cache, "generated");
}

/** Removes all generated files. */
export async function forgetGenerated(cache: string): Promise<void> {
  await removeFolder(generatedFolder(cache));
}

/**
 * Opens the files that steps of a job generate, in the cache: one compressed file for all that is
 * generated at once, which appears and goes as a whole, and has its own digest. `job` are the parts
 * of the job: what it is built with and in are parts of each of its generated files. Problems never
 * fail a build.
 */
export function openGenerated(cache: string, job: Parts, notice: (message: string) => void): GeneratedFiles {
  const isCommon = (name: string) => common.has(name) || name.startsWith("package ");
  const own = makeRecord(Object.entries(job).filter(([name]) => isCommon(name)));
  return {
    async take(given, make) {
      const parts = { ...own, ...given };
      const file = join(generatedFolder(cache), `${keyOf(parts)}.json.gz`);
      const found = await read(file);
      if (found !== undefined && keyOf(found.parts) === keyOf(parts)) {
        const now = new Date();
        await utimes(file, now, now).catch(ignoreRefusal);
        return { ...decode(found), isCached: true, changes: [] };
      }
      const changes = await explain(generatedFolder(cache), parts);
      const made = await make();
      await store(file, { parts, ...encode(made) }).catch((error: unknown) => {
        const why = refusalOf(error);
        if (why === undefined) throw error;
        notice(`Generated files cannot be stored in ${cache}: ${why}.`);
      });
      return { ...made, isCached: false, changes };
    },
  };
}

const common = new Set(["target", "job", "architecture", "cross-compiled on", "root", "distribution", "code of kovn-build"]);

async function store(file: string, entry: Entry): Promise<void> {
  const folder = join(file, "..");
  await mkdir(folder, { recursive: true });
  const text = JSON.stringify({ ...entry, digest: keyOf(entry) });
  await writeWhole(file, await promisify(gzip)(text, { level: 1 }));
  const names = await readdir(folder);
  const times = await Promise.all(names.map(async (name) => [name, await timeOf(join(folder, name))] as const));
  for (const [name] of times.toSorted((a, b) => b[1] - a[1]).slice(limit)) await rm(join(folder, name), { force: true });
}

/** Zero for what another process removed. */
async function timeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}

/** Undefined when it is not there, or not whole. */
async function read(file: string): Promise<Entry | undefined> {
  try {
    const text = await promisify(gunzip)(await readBytes(file, "an archive", { follow: false }), { maxOutputLength: 256e6 });
    const { digest, ...entry } = JSON.parse(text.toString()) as Record<string, unknown>;
    return digest === keyOf(entry) ? entrySchema.parse(entry) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    if (errorCode(error) === undefined && refusalOf(error) === undefined) throw error;
    return undefined;
  }
}

/** How the parts differ from the most similar ones of the same job that generate the same; empty when there are none. */
async function explain(folder: string, parts: Parts): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const all = await Promise.all(names.map(async (name) => read(join(folder, name))));
  const isAlike = (other: Parts) => ["job", "generates"].every((name) => other[name] === parts[name]);
  const same = all.flatMap((one) => (one !== undefined && isAlike(one.parts) ? [one.parts] : []));
  const [nearest] = same.toSorted((a, b) => distance(a, parts) - distance(b, parts));
  const changes = nearest === undefined ? [] : explainChange(nearest, parts);
  return changes.length <= shown ? changes : [...changes.slice(0, shown), `${changes.length - shown} more changes`];
}

function encode({ from, files }: Generated): Pick<Entry, "from" | "files"> {
  const encoded = files.map((file) =>
    "content" in file ? { path: file.path, mode: file.mode, base64: file.content.toString("base64") } : file,
  );
  return { from, files: encoded };
}

function decode({ from, files }: Entry): Generated {
  const decoded = files.map((file): GeneratedFile =>
    "base64" in file ? { path: file.path, mode: file.mode, content: Buffer.from(file.base64, "base64") } : file,
  );
  return { from, files: decoded };
}

function ignoreRefusal(error: unknown): void {
  if (refusalOf(error) === undefined && errorCode(error) !== "ENOENT") throw error;
}
