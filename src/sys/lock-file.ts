import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstat, open, rm, type FileHandle } from "node:fs/promises";
import { constants } from "node:fs";
import { hostname } from "node:os";
import { text } from "node:stream/consumers";
import { BuildError } from "../errors.ts";
import { errorCode, ownPid, ownUser } from "./processes.ts";
import { printable } from "./printable.ts";

/** Frees a lock. */
export type Free = () => Promise<void>;

/** Who holds a lock, in words. */
export interface Holder {
  /** Such as `process 4711 on build1, since 2026-11-26T08:00:00.000Z`. */
  readonly who: string;
  /** Such as `is publishing to /srv/apt`. */
  readonly does: string;
}

/** The first line of a lock file. The next ones say who has the lock, and what for. */
const mark = "kovn-build lock";

/** Characters of a line of a lock file that are shown. */
const longest = 300;

/**
 * Tries for so many milliseconds to take the lock of a file (flock(2)). The lock belongs to the open
 * file, so it ends with this process, however that ends; no program that this process starts gets
 * the file. Returns undefined when another process has the lock, and a lock of nothing where the
 * file cannot be made. Throws "machine" for a file that is not a lock file of this user, and when
 * nothing can be locked.
 */
export async function takeFile(
  file: string,
  { does, ms, signal }: { readonly does: string; readonly ms: number; readonly signal: AbortSignal | undefined },
): Promise<Free | undefined> {
  const end = performance.now() + ms;
  for (;;) {
    signal?.throwIfAborted();
    const handle = await openLock(file);
    if (handle === undefined) return async () => undefined;
    let isTaken = false;
    try {
      isTaken = await flock(handle, file, Math.max(0, Math.ceil(end - performance.now())), signal);
      // The holder before may have removed the file: then others lock a new one.
      if (isTaken && (await isAt(handle, file))) {
        await writeHolder(handle, does);
        return async () => free(handle, file);
      }
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    if (!isTaken) return undefined;
  }
}

/** Removes the file, so that nothing stays behind, while nobody else can hold its lock. */
async function free(handle: FileHandle, file: string): Promise<void> {
  try {
    if (await isAt(handle, file)) await rm(file, { force: true });
  } finally {
    await handle.close();
  }
}

/** Why a lock file cannot be made in a folder in which this process can change nothing. */
const useless = new Set(["ENOENT", "ENOTDIR", "EACCES", "EPERM", "EROFS", "ENAMETOOLONG"]);

/** Opens a lock file, which it makes if there is none; undefined where none can be made. */
async function openLock(file: string): Promise<FileHandle | undefined> {
  const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
  for (;;) {
    try {
      return await open(file, O_RDWR | O_CREAT | O_EXCL, 0o600);
    } catch (error) {
      const code = errorCode(error) ?? "";
      if (useless.has(code)) return undefined;
      if (code !== "EEXIST") throw error;
    }
    try {
      const handle = await open(file, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
      try {
        await assertLock(handle, file);
        return handle;
      } catch (error) {
        await handle.close();
        throw error;
      }
    } catch (error) {
      const code = errorCode(error) ?? "";
      // Its holder has just removed it.
      if (code === "ENOENT") continue;
      if (code === "EROFS") return undefined;
      if (["EACCES", "EPERM"].includes(code)) throw distrust(file, await ownerOf(file), error);
      throw ["ELOOP", "EISDIR", "ENXIO", "ENODEV"].includes(code) ? distrust(file, "is not a regular file", error) : error;
    }
  }
}

/** Throws "machine" unless the file is one that this user made as a lock. */
async function assertLock(handle: FileHandle, file: string): Promise<void> {
  const found = await handle.stat();
  if (!found.isFile()) throw distrust(file, "is not a regular file");
  if (found.uid !== ownUser) throw distrust(file, `belongs to user ${found.uid}`);
  if (found.nlink > 1) throw distrust(file, "has another name as well");
  // Who can open a file can lock it.
  if ((found.mode & 0o077) !== 0) await handle.chmod(0o600).catch(() => undefined);
  if (found.size > 0 && !(await readStart(handle)).startsWith(mark)) throw distrust(file, "has other content");
}

async function ownerOf(file: string): Promise<string> {
  const found = await lstat(file).catch(() => undefined);
  return found === undefined || found.uid === ownUser ? "cannot be opened" : `belongs to user ${found.uid}`;
}

function distrust(file: string, why: string, cause?: unknown): BuildError {
  return new BuildError("machine", `${file} is in the place of a lock file, but ${why}: it is not used.`, {
    hint: `see whose it is, then remove it: ls -l ${file}`,
    cause,
  });
}

/**
 * Locks an open file by flock(1) of util-linux, which inherits it; also true when this process has
 * the lock already. Returns false when another has it for all of the time.
 */
async function flock(handle: FileHandle, file: string, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  const args = ["-x", ...(ms === 0 ? ["-n"] : []), "3"];
  const child = spawn("flock", args, {
    stdio: ["ignore", "ignore", "pipe", handle.fd],
    env: { PATH: "/usr/bin:/bin" },
    ...(ms === 0 ? {} : { timeout: ms }),
    ...(signal === undefined ? {} : { signal }),
  });
  const said = text(child.stderr as NonNullable<typeof child.stderr>).catch(() => "");
  const [code, killed] = (await once(child, "close").catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw new BuildError("machine", "Program `flock` cannot be started, so nothing can be locked.", {
      hint: "apt-get install util-linux",
      cause,
    });
  })) as [number | null, string | null];
  if (code === 0) return true;
  const why = printable(await said);
  if (killed !== null || (code === 1 && why === "")) return false;
  throw new BuildError("machine", `${file} cannot be locked: ${why || `flock ends with ${code}`}.`, {
    hint: "use a folder on a file system with locks (flock(2))",
  });
}

/** True when the open file is the one with that name. */
async function isAt(handle: FileHandle, file: string): Promise<boolean> {
  const own = await handle.stat({ bigint: true });
  const named = await lstat(file, { bigint: true }).catch(() => undefined);
  return named?.ino === own.ino && named.dev === own.dev;
}

/** The lock holds without it: on a full disk, nobody reads who has it. */
async function writeHolder(handle: FileHandle, does: string): Promise<void> {
  const words = `${mark}\nprocess ${ownPid} on ${hostname()}, since ${new Date().toISOString()}\n${printable(does)}\n`;
  try {
    await handle.truncate(0);
    await handle.write(words, 0);
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
  }
}

/** Who holds the lock of a file; undefined when the file does not say. */
export async function readHolder(file: string): Promise<Holder | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    await assertLock(handle, file);
    const [first, who, does] = (await readStart(handle)).split("\n").map((line) => printable(line).slice(0, longest));
    return first === mark && who !== undefined && does !== undefined ? { who, does } : undefined;
  } finally {
    await handle.close();
  }
}

async function readStart(handle: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1024), 0, 1024, 0);
  return buffer.toString("utf8", 0, bytesRead);
}
