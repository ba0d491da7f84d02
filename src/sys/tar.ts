import { once } from "node:events";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadEntry } from "tar";
import { BuildError, refusalOf } from "../errors.ts";
import type { OnBytes } from "./files.ts";
import { errorCode } from "./processes.ts";
import { openRegular } from "./read-file.ts";

/**
 * Unpacks a tar archive, compressed or not, into `dir`, without the first part of its paths. Throws
 * "digest" for a broken archive, for links or paths that lead outside, and for a path that is not
 * UTF-8, of which node-tar would change the bytes.
 */
export async function extractTar(file: string, dir: string): Promise<void> {
  const { extract } = await import("tar");
  // The default of 16 MB at once takes 180 MB of memory.
  const options = { file, cwd: dir, strip: 1, strict: true, preserveOwner: false, maxReadSize: 256 * 1024 };
  let odd: string | undefined;
  const filter = (path: string) => {
    if (path.includes("\uFFFD")) odd = path;
    return odd === undefined;
  };
  await extract({ ...options, filter }).catch((cause: unknown) => {
    if (refusalOf(cause) !== undefined) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError("digest", `Archive ${file} cannot be unpacked: ${reason}.`, { cause });
  });
  if (odd !== undefined) throw new BuildError("digest", `Archive ${file} cannot be unpacked: path ${odd} is not UTF-8.`);
}

/** A member of an archive to write: the content of a file, or a text. `size` is in bytes. */
export type Packed = { readonly name: string; readonly size: number } & ({ readonly path: string } | { readonly text: string });

/**
 * Writes an archive of plain files in the given order to a stream. The same names and bytes always
 * give the same archive.
 */
export async function writeTar(to: NodeJS.WritableStream, members: readonly Packed[], onBytes: OnBytes): Promise<void> {
  const { Header, Pack, ReadEntry } = await import("tar");
  const pack = new Pack({ portable: true });
  const written = pipeline(Readable.from(pack), to);
  const feed = async () => {
    for (const member of members) {
      const { name, size } = member;
      const header = new Header({ path: name, size, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), type: "File" });
      const entry = new ReadEntry(header);
      pack.add(entry);
      const content =
        "path" in member ? (await openRegular(member.path)).file.createReadStream() : Readable.from([Buffer.from(member.text)]);
      for await (const chunk of content as AsyncIterable<Buffer>) {
        if (!entry.write(chunk)) await once(entry, "drain");
        onBytes(chunk.length);
      }
      entry.end();
    }
    pack.end();
  };
  await Promise.all([written, feed()]);
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
 * Writes nothing itself. Throws "usage" for a broken archive, and for a member that is not a plain
 * file (a link, device or folder) before its content is read.
 */
export async function readTar(file: string, receive: (member: Member) => Promise<void>): Promise<void> {
  const { list } = await import("tar");
  const refuse = (what: string, cause?: unknown) => new BuildError("usage", `Archive ${file}: ${what}`, { cause });
  let failure: unknown;
  let received: Promise<void> = Promise.resolve();
  let current: ReadEntry | undefined;
  const receiveEntry = async (entry: ReadEntry) => {
    current = entry;
    if (entry.type !== "File" && entry.type !== "OldFile")
      throw refuse(`member ${entry.path} is not a plain file (${entry.type}).`);
    await receive({ name: entry.path, size: entry.size, content: entry });
  };
  const onReadEntry = (entry: ReadEntry) => {
    // Without a listener, an error event is thrown where it is emitted.
    entry.on("error", () => undefined);
    received = received
      .then(() => (failure === undefined ? receiveEntry(entry) : undefined))
      .catch((error: unknown) => {
        failure ??= error;
      })
      // After a failure the rest of the archive is read and discarded.
      .finally(() => entry.resume());
  };
  await list({ file, strict: true, noResume: true, onReadEntry }).catch((cause: unknown) => {
    failure ??= cause;
    current?.destroy(cause);
  });
  await received;
  if (failure === undefined) return;
  // The parser's own errors; the reader of a truncated member gets them too.
  throw errorCode(failure)?.startsWith("TAR_") === true ? refuse("it is broken or not a tar archive.", failure) : failure;
}
