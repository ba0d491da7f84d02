import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { verifiedName } from "../dist/verified.ts";
import { BuildError } from "../errors.ts";
import { sortBy } from "../order.ts";
import { freeSpace } from "../sys/disk.ts";
import type { Host } from "../sys/exec.ts";
import { formatSize } from "../sys/size.ts";
import { exists, sha256, sha256File, type OnBytes } from "../sys/files.ts";
import { sayBytes, sumOfSizes } from "../sys/say-bytes.ts";
import { describeIssue, pathSchema, sha256Schema } from "../sys/schemas.ts";
import type { Task } from "../sys/task.ts";
import { listOf } from "../list.ts";
import { readTar, type Member, type Packed, writeTar } from "../sys/tar.ts";
import { sbomAsset } from "./assets.ts";
import { readText } from "../sys/read-file.ts";
import type { ReleaseSet } from "./set.ts";

/** The first member of a bundle; lists every other member with its size and digest. */
const indexName = "bundle.json";
/** In bytes: the index of twenty thousand files. */
const largestIndex = 4e6;
/** A bundle unpacks to so many bytes at most, and so many times its own size. */
const mostUnpacked = 100e6;
const mostRatio = 100;
/** The most problems of an index that are looked for. */
const mostProblems = 20;
const formatVersion = 1;

const memberSchema = z.object({ path: pathSchema, size: z.int().nonnegative(), sha256: sha256Schema });
type IndexedFile = z.infer<typeof memberSchema>;

function distinct(files: readonly { readonly path: string }[]): boolean {
  const paths = new Set(files.map((file) => file.path));
  const folders = files.flatMap(({ path }) => path.split("/").map((_, index, parts) => parts.slice(0, index).join("/")));
  return paths.size === files.length && !paths.has(indexName) && folders.every((folder) => !paths.has(folder));
}

/**
 * Writes a set as one archive for sites without a network: an index, the folder of each build, and
 * the SBOM. The same set gives the same bytes.
 */
export async function writeBundle(set: ReleaseSet, file: string, { task }: Pick<Host, "task">): Promise<void> {
  await packBundle(set, createWriteStream(file, { flags: "wx", flush: true }), task);
}

/** The sha256 of the bundle of a set, without writing it. */
export async function bundleDigest(set: ReleaseSet, { task }: Pick<Host, "task">): Promise<string> {
  const hash = createHash("sha256");
  await packBundle(set, hash, task);
  return hash.digest("hex");
}

async function packBundle(set: ReleaseSet, to: NodeJS.WritableStream, task: Task): Promise<void> {
  const members: (Packed & { readonly sha256: string })[] = [sbomAsset(set)];
  for (const { name, folder, manifest } of set.dists) {
    for (const own of ["artifacts.json", ...((await exists(join(folder, verifiedName))) ? [verifiedName] : [])]) {
      const text = await readText(join(folder, own), "a manifest");
      members.push({ name: `${name}/${own}`, text, size: Buffer.byteLength(text), sha256: sha256(text) });
    }
    for (const { file: path, size, sha256: digest } of manifest.artifacts)
      members.push({ name: `${name}/${path}`, path: join(folder, path), size, sha256: digest });
  }
  const sorted = sortBy(members, (member) => member.name);
  const files = sorted.map(({ name, size, sha256: digest }) => ({ path: name, size, sha256: digest }));
  const index = `${JSON.stringify({ schema: formatVersion, files }, undefined, 2)}\n`;
  const all = [{ name: indexName, text: index, size: Buffer.byteLength(index) }, ...sorted];
  await writeTar(to, all, sayBytes(task, sumOfSizes(all)));
}

/**
 * Unpacks the folders of a bundle's builds into `dir`. Writes only what the index declares, and not
 * a byte more. Throws "usage" for anything else in it (a path outside, a link, a device), "digest"
 * for other bytes.
 */
export async function unpackBundle(file: string, dir: string, onBytes?: OnBytes): Promise<void> {
  const invalid = (what: string) => new BuildError("usage", `Bundle ${file}: ${what}`);
  const missing = new Map<string, { readonly size: number; readonly sha256: string }>();
  let first = true;
  await readTar(file, async ({ name, size, content }) => {
    if (first) {
      if (name !== indexName) throw invalid(`the first member is ${name}, not ${indexName}; kovn-build did not make it.`);
      first = false;
      for (const { path, ...declared } of await readIndex(file, { name, size, content })) missing.set(path, declared);
      const total = sumOfSizes([...missing.values()]);
      const { size: packed } = await stat(file);
      // What is published is compressed already.
      if (total > mostUnpacked + mostRatio * packed)
        throw invalid(`it has ${formatSize(packed)}, and would unpack to ${formatSize(total)}.`);
      await assertRoom(total, dir);
      return;
    }
    const declared = missing.get(name);
    if (declared === undefined) throw invalid(`${indexName} does not name ${name}, or it occurs twice.`);
    missing.delete(name);
    if (size !== declared.size) throw invalid(`${name} has ${size} bytes, ${indexName} says ${declared.size}.`);
    const path = join(dir, name);
    await mkdir(dirname(path), { recursive: true });
    await pipeline(Readable.from(content), createWriteStream(path, { flags: "wx" }));
    onBytes?.(size);
    if ((await sha256File(path)) !== declared.sha256)
      throw new BuildError("digest", `Bundle ${file}: ${name} has other bytes than ${indexName} says.`);
  });
  if (missing.size > 0) throw invalid(`members are missing: ${listOf(missing.keys())}.`);
}

/** Throws "machine" when the disk has no room for what a bundle says it has. */
async function assertRoom(size: number, dir: string): Promise<void> {
  const { bytes } = await freeSpace(dir);
  if (size > bytes)
    throw new BuildError("machine", `Folder ${dir} has ${formatSize(bytes)} free; the bundle needs ${formatSize(size)}.`);
}

async function readIndex(file: string, { size, content }: Member): Promise<readonly IndexedFile[]> {
  const invalid = (what: string) => new BuildError("usage", `Bundle ${file}: ${indexName} ${what}`);
  if (size > largestIndex) throw invalid(`has ${size} bytes, more than ${largestIndex}.`);
  const text = (await Readable.from(content).toArray()).map((chunk: Uint8Array) => Buffer.from(chunk));
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(text).toString());
  } catch {
    throw invalid("is not JSON.");
  }
  const { schema } = z.object({ schema: z.number() }).catch({ schema: 0 }).parse(value);
  if (schema > formatVersion) throw invalid(`has format ${schema}; this kovn-build reads format ${formatVersion}.`);
  const { files } = z
    .object({ files: z.array(z.unknown()) })
    .catch({ files: [] })
    .parse(value);
  const problems: string[] = [];
  const read: IndexedFile[] = [];
  for (const [position, one] of files.entries()) {
    const { data, error } = memberSchema.safeParse(one);
    if (data !== undefined) read.push(data);
    problems.push(...(error?.issues ?? []).map((issue) => describeIssue(issue, ["files", position, ...issue.path])));
    if (problems.length >= mostProblems) break;
  }
  if (problems.length === 0 && !distinct(read)) problems.push("files: a path occurs twice, or is a folder of another");
  if (schema !== formatVersion) problems.unshift(`schema: expected ${formatVersion}`);
  if (problems.length > 0) throw invalid(`is invalid: ${problems.join("; ")}.`);
  return read;
}
