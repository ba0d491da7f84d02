import { isUtf8 } from "node:buffer";
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from "node:fs";
import { lstat, open, stat, type FileHandle } from "node:fs/promises";
import { UnusableFile } from "../errors.ts";
import { ownPlatform } from "./processes.ts";
import { formatSize } from "./size.ts";

/** The most bytes of a file that is read as a whole, by what it is. */
const limits = {
  "a project file": 256e3,
  "a patch": 16e6,
  "a manifest": 512e3,
  "a cached result": 4e6,
  "a source file": 32e6,
  "a log": 64e6,
  "an index of packages": 64e6,
  "an archive": 128e6,
  "a program": 512e6,
  "an input": 2e9,
} as const;

/** What a file is, which decides how large it may be. */
export type FileKind = keyof typeof limits;

/** Kinds of which every byte counts; in others, bytes that are not UTF-8 are read as `\uFFFD`. */
const strict: ReadonlySet<FileKind> = new Set<FileKind>(["a project file", "a manifest"]);

export interface ReadOptions {
  /** False to refuse a symbolic link, which is followed by default. */
  readonly follow?: boolean;
}

/** The size of a piece that is read at once, in bytes. */
const pieceSize = 256 * 1024;

/**
 * Reads a whole text file. Throws `UnusableFile` for one that is not a regular file (reading a FIFO
 * or a device may take for ever), too large for its kind, or not UTF-8, else the system's error.
 */
export async function readText(path: string, kind: FileKind, options?: ReadOptions): Promise<string> {
  const bytes = await readBytes(path, kind, options);
  if (strict.has(kind) && !isUtf8(bytes)) throw new UnusableFile(path, "it is not UTF-8 text");
  return bytes.toString();
}

/** Reads a whole file. Throws as `readText` does. */
export async function readBytes(path: string, kind: FileKind, options?: ReadOptions): Promise<Buffer> {
  const { file, size } = await openRegular(path, options);
  try {
    assertSize(path, size, kind);
    let bytes = Buffer.allocUnsafe(size + 1);
    // A file that is being written grows meanwhile, and files of /proc have no size.
    for (let total = 0; ;) {
      if (total === bytes.length) bytes = Buffer.concat([bytes], total + Math.max(total, pieceSize));
      const { bytesRead } = await file.read(bytes, total, bytes.length - total);
      if (bytesRead === 0) return bytes.subarray(0, total);
      total += bytesRead;
      assertSize(path, total, kind);
    }
  } finally {
    await file.close();
  }
}

/**
 * Reads a regular file of any size piece by piece into the same buffer: a piece is valid until the
 * next one is asked for. A stream would allocate each piece and leave it to the garbage collector.
 * What is added to the file meanwhile is not read. Throws as `readText` does.
 */
export async function* readPieces(path: string, options?: ReadOptions): AsyncGenerator<Uint8Array> {
  const { file, size } = await openRegular(path, options);
  try {
    const memory = Buffer.allocUnsafeSlow(Math.min(pieceSize, Math.max(size, 1)));
    for (let left = size; left > 0;) {
      const { bytesRead } = await file.read(memory, 0, Math.min(memory.length, left));
      if (bytesRead === 0) return;
      left -= bytesRead;
      yield memory.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/**
 * Reads a short text of the system, such as one of /proc, without waiting; empty when it cannot be
 * read, or is not a regular file.
 */
export function readSystemText(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | nonblock);
    return fstatSync(file).isFile() ? readFileSync(file, "utf8") : "";
  } catch {
    return "";
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * Reads a file of kovn-build itself, without waiting: its code is hundreds of small files, which
 * take four times as long when each waits for a thread.
 */
export function readOwnBytes(path: string): Buffer {
  return readFileSync(path);
}

const nonblock = ownPlatform === "win32" ? 0 : constants.O_NONBLOCK;

/** Opens a regular file for reading, without waiting. Throws as `readText` does. */
export async function openRegular(
  path: string,
  { follow = true }: ReadOptions = {},
): Promise<{ readonly file: FileHandle; readonly size: number }> {
  // Before it is opened, because that alone starts some devices.
  assertKind(path, await (follow ? stat(path) : lstat(path)));
  const flags = ownPlatform === "win32" || follow ? nonblock : nonblock | constants.O_NOFOLLOW;
  const file = await open(path, constants.O_RDONLY | flags);
  try {
    // It may be another one by now.
    const found = await file.stat();
    assertKind(path, found);
    return { file, size: found.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Checks, without opening it, a file that another program is going to read. Throws as `readText`
 * does.
 */
export async function assertRegular(path: string, kind?: FileKind): Promise<void> {
  const found = await stat(path);
  assertKind(path, found);
  if (kind !== undefined) assertSize(path, found.size, kind);
}

function assertKind(path: string, found: Stats): void {
  if (!found.isFile()) throw new UnusableFile(path, `it is ${describe(found)}, not a regular file`);
}

function assertSize(path: string, size: number, kind: FileKind): void {
  if (size <= limits[kind]) return;
  throw new UnusableFile(path, `it has ${formatSize(size)}; the limit for ${kind} is ${formatSize(limits[kind])}`);
}

function describe(found: Stats): string {
  if (found.isDirectory()) return "a folder";
  if (found.isSymbolicLink()) return "a symbolic link";
  if (found.isFIFO()) return "a FIFO";
  if (found.isSocket()) return "a socket";
  return "a device";
}
