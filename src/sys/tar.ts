import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { ReadEntry } from "tar";
import { BuildError, refusalOf } from "../errors.ts";
import type { OnBytes } from "./files.ts";
import { errorCode } from "./processes.ts";
import { openRegular } from "./read-file.ts";
import { formatSize } from "./size.ts";

/** The most bytes and members of an archive that is unpacked as it is: those of ten sources. */
const mostBytes = 4e9;
const mostMembers = 500_000;

/**
 * Unpacks a tar archive, plain or compressed with gzip, into `dir`, without the first part of its
 * paths. Throws "digest" for a broken archive or one that is too large, for links or paths that lead
 * outside, and for a path that is not UTF-8, of which node-tar would change the bytes.
 */
export async function extractTar(file: string, dir: string): Promise<void> {
  const { Unpack } = await import("tar");
  const refuse = (what: string, cause?: unknown) =>
    new BuildError("digest", `Archive ${file} cannot be unpacked: ${what}.`, { cause });
  let [bytes, members] = [0, 0];
  const filter = (path: string, entry: { readonly size?: number | undefined }) => {
    if (path.includes("\uFFFD")) throw refuse(`path ${path} is not UTF-8`);
    if ((members += 1) > mostMembers) throw refuse(`it has more than ${mostMembers.toLocaleString("en")} members`);
    if ((bytes += entry.size ?? 0) > mostBytes) throw refuse(`it unpacks to more than ${formatSize(mostBytes)}`);
    return true;
  };
  const unpack = new Unpack({ cwd: dir, strip: 1, strict: true, preserveOwner: false, filter });
  await feed(file, unpack, "close").catch((cause: unknown) => {
    if (cause instanceof BuildError || refusalOf(cause) !== undefined) throw cause;
    throw refuse(brokenness(cause), cause);
  });
}

/** A member of an archive to write: the content of a file, a text, or a folder. `size` is in bytes. */
export type Packed = { readonly name: string; readonly size: number } & (
  | { readonly path: string }
  | { readonly text: string }
  | { readonly folder: true }
);

/** The size of a block, in bytes: the content of a member fills whole blocks. */
const block = 512;

/**
 * Writes an archive of members in the given order to a stream. The same names and bytes always give
 * the same archive.
 */
export async function writeTar(to: NodeJS.WritableStream, members: readonly Packed[], onBytes: OnBytes): Promise<void> {
  await pipeline(Readable.from(tarPieces(members, onBytes)), to);
}

/**
 * The bytes of an archive, by pieces, without writing them anywhere: those that `writeTar` writes.
 * Throws "digest" for a file that no longer has its size.
 */
export async function* tarPieces(members: readonly Packed[], onBytes: OnBytes): AsyncGenerator<Buffer> {
  const { Header, Pax } = await import("tar");
  for (const member of members) {
    const { name, size } = member;
    const isFolder = "folder" in member;
    const fields = { path: name, size, mtime: new Date(0) };
    const header = new Header({ ...fields, mode: isFolder ? 0o755 : 0o644, type: isFolder ? "Directory" : "File" });
    // A long name needs a header of its own before.
    if (header.encode()) yield new Pax(fields).encode();
    yield header.block as Buffer;
    if (isFolder) continue;
    const content =
      "path" in member ? (await openRegular(member.path)).file.createReadStream() : Readable.from([Buffer.from(member.text)]);
    let packed = 0;
    for await (const piece of content as AsyncIterable<Buffer>) {
      packed += piece.length;
      if (packed > size) break;
      yield piece;
      onBytes(piece.length);
    }
    if (packed !== size) throw new BuildError("digest", `${name} changed while it was packed: it no longer has ${size} bytes.`);
    yield Buffer.alloc((block - (size % block)) % block);
  }
  yield Buffer.alloc(2 * block);
}

/** A member of an archive that is being read. */
export interface Member {
  readonly name: string;
  /** Bytes, as the archive declares; `content` has no more. */
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * Reads an archive from start to end, member by member; `receive` must consume the content of each.
 * Writes nothing itself, and reads nothing after a failure. Throws "usage" for a broken archive, and
 * for a member that is not a plain file (a link, device or folder) before its content is read.
 */
export async function readTar(file: string, receive: (member: Member) => Promise<void>): Promise<void> {
  const { Parser } = await import("tar");
  const refuse = (what: string, cause?: unknown) => new BuildError("usage", `Archive ${file}: ${what}.`, { cause });
  const parser = new Parser({ strict: true });
  let current: ReadEntry | undefined;
  let received: Promise<void> = Promise.resolve();
  const receiveEntry = async (entry: ReadEntry) => {
    current = entry;
    if (entry.type !== "File" && entry.type !== "OldFile")
      throw refuse(`member ${entry.path} is not a plain file (${entry.type})`);
    await receive({ name: entry.path, size: entry.size, content: entry });
  };
  parser.on("entry", (entry: ReadEntry) => {
    // Without a listener, an error event is thrown where it is emitted.
    entry.on("error", () => undefined);
    received = received.then(() => receiveEntry(entry)).finally(() => entry.resume());
    received.catch((error: unknown) => parser.emit("error", error));
  });
  try {
    await feed(file, parser, "end");
    await received;
  } catch (error) {
    // The reader of a member that is cut off waits for it.
    current?.destroy(error);
    await received.catch(() => undefined);
    throw error instanceof BuildError || refusalOf(error) !== undefined ? error : refuse(brokenness(error), error);
  }
}

/** What to feed: node-tar's parsers have the methods of a stream. */
interface Sink {
  write(piece: Buffer): boolean;
  end(): unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  once(event: string, listener: (value: unknown) => void): unknown;
}

/** Feeds an archive's bytes to a parser, no faster than it takes them, until its event `done`. */
async function feed(file: string, sink: Sink, done: "end" | "close"): Promise<void> {
  let isOver = false;
  const failed = new Promise<never>((_, reject) => {
    sink.on("error", (error) => {
      isOver = true;
      reject(error);
    });
  });
  failed.catch(() => undefined);
  let isWhole = false;
  sink.once("eof", () => (isWhole = true));
  const finished = new Promise((resolve) => void sink.once(done, resolve));
  for await (const piece of tarBytes(file)) {
    const isFull = !sink.write(piece);
    if (isOver) await failed;
    // What follows the end does not count, however long it is.
    if (isWhole) break;
    if (isFull) await Promise.race([new Promise((resolve) => void sink.once("drain", resolve)), failed]);
  }
  sink.end();
  // A parser that failed may end as well.
  await Promise.race([failed, finished]);
}

/** How compressed files begin, besides gzip's. */
const compressions: readonly (readonly [name: string, magic: string])[] = [
  ["zstd", "28b52ffd"],
  ["xz", "fd377a585a00"],
  ["bzip2", "425a68"],
  ["lzip", "4c5a4950"],
  ["LZMA", "5d0000"],
  ["zip", "504b0304"],
];

/** The bytes of a tar archive, plain or compressed with gzip, by pieces. Throws "usage" for others. */
async function* tarBytes(file: string): AsyncGenerator<Buffer> {
  const { file: handle } = await openRegular(file);
  const raw = handle.createReadStream({ start: 0 });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(6), 0, 6, 0);
    const magic = buffer.toString("hex", 0, bytesRead);
    const other = compressions.find(([, start]) => magic.startsWith(start));
    if (other !== undefined)
      throw new BuildError("usage", `Archive ${file} is compressed with ${other[0]}; only gzip is read.`, {
        hint: "unpack it, and pack it again without compression or with gzip",
      });
    if (!magic.startsWith("1f8b")) {
      yield* raw as AsyncIterable<Buffer>;
      return;
    }
    const plain = createGunzip();
    const ended = pipeline(raw, plain);
    ended.catch(() => undefined);
    let isFirst = true;
    for await (const piece of plain as AsyncIterable<Buffer>) {
      if (isFirst && piece.toString("hex", 0, 2) === "1f8b")
        throw new BuildError("usage", `Archive ${file} is compressed twice.`);
      isFirst = false;
      yield piece;
    }
  } finally {
    raw.destroy();
  }
}

/** What is wrong with an archive, by the error of its reader. */
function brokenness(error: unknown): string {
  const code = errorCode(error) ?? "";
  if (code === "Z_BUF_ERROR" || (error instanceof Error && /truncated/i.test(error.message))) return "it is cut off";
  if (code.startsWith("Z_")) return "its compressed data is broken";
  if (code === "TAR_BAD_ARCHIVE" || code === "TAR_ENTRY_INVALID") return "it is broken or not a tar archive";
  return error instanceof Error ? error.message : String(error);
}
