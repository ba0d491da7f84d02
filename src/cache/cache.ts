import { link, lstat, mkdir, readlink, rename, rm, stat, symlink, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { glob } from "tinyglobby";
import { BuildError, refusalOf } from "../errors.ts";
import { withLock } from "../sys/with-lock.ts";
import { cloneFile, sha256File, writeWhole } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { stagingOf } from "../sys/staging.ts";
import {
  entriesDir,
  entryFile,
  listResults,
  readEntry,
  serializeEntry,
  type Entry,
  type CachedFile,
  type StoredEntry,
} from "./entry.ts";
import { checkVersion, dropEntry, entriesLimit, makeFolder, trim } from "./folder.ts";

/** Finished jobs by key, kept between runs. No method throws for what is wrong with the cache: that is told once, and the build goes on. */
export interface JobCache {
  /** The description of a finished job; its files are not looked at. */
  find(key: string): Promise<StoredEntry | undefined>;
  /** Descriptions of all finished jobs, the last used first. */
  list(): Promise<readonly StoredEntry[]>;
  /** Notes that a finished job was of use, so that it is not the first to go. */
  use(key: string): Promise<void>;
  /**
   * Puts a finished job's artifacts (with `outputs` all that is kept) into the folder of a job, which is new, each file checked; undefined
   * when there is none that is whole, and then there is no such folder.
   */
  take(key: string, dir: string, outputs: boolean): Promise<StoredEntry | undefined>;
  /** Keeps what lies in a job's folder: its artifacts, and its outputs (files, folders or patterns). */
  keep(finished: Omit<Entry, "files" | "finished">, dir: string, outputs: readonly string[]): Promise<void>;
  /** Runs `work` while no other process is at the same job. */
  withLock<T>(key: string, onWait: () => void, work: () => Promise<T>): Promise<T>;
}

export interface CacheOptions {
  readonly signal: AbortSignal;
  readonly notice: (message: string) => void;
}

/** Opens the cache in a folder, which need not exist; undefined, after a notice, when it cannot be used. */
export async function openCache(cache: string, { signal, notice }: CacheOptions): Promise<JobCache | undefined> {
  const told = new Set<string>();
  const tell = (message: string) => {
    if (!told.has(message)) notice(message);
    told.add(message);
  };
  const guard = (work: () => Promise<void>) => withLock(cache, { signal }, work);
  const drop = async (key: string, why: string) => {
    tell(`Entry ${key.slice(0, 12)} of the cache is damaged (${why}): it is dropped, and its job is built again.`);
    await guard(() => dropEntry(cache, key)).catch(ignoreRefusal);
  };
  try {
    await checkVersion(cache);
  } catch (error) {
    if (refusalOf(error) === undefined && !(error instanceof BuildError)) throw error;
    tell(
      `${error instanceof BuildError ? error.message : `Cache ${cache} cannot be read: ${refusalOf(error)}.`} It is not used.`,
    );
    return undefined;
  }
  const find = async (key: string) => {
    const entry = await readEntry(cache, key);
    if (entry !== "damaged") return entry;
    await drop(key, "entry.json");
    return undefined;
  };
  const use = async (key: string) => {
    const now = new Date();
    await utimes(entryFile(cache, key), now, now).catch(ignoreRefusal);
  };
  return {
    find,
    // What cannot be read is told when something is to be kept.
    list: async () => listResults(cache).catch((error: unknown) => (ignoreRefusal(error), [])),
    use,
    async take(key, dir, outputs) {
      const entry = await find(key);
      if (entry === undefined) return undefined;
      const files = entry.files.filter((file) => outputs || file.path.startsWith("out/"));
      try {
        await guard(() => placeFiles(files, join(entriesDir(cache), key, "files"), dir));
      } catch (error) {
        const why = refusalOf(error);
        const damage = damages[errorCode(error) ?? ""];
        if (why === undefined && damage === undefined) throw error;
        await rm(dir, { recursive: true, force: true });
        if (damage === undefined) tell(`What is kept in ${cache} cannot be taken: ${why}.`);
        else await drop(key, damage);
        return undefined;
      }
      const broken = await firstBroken(files, dir);
      if (broken !== undefined) {
        await rm(dir, { recursive: true, force: true });
        await drop(key, broken);
        return undefined;
      }
      await use(key);
      return entry;
    },
    async keep(finished, dir, outputs) {
      const { key } = finished;
      const next = stagingOf(join(entriesDir(cache), key));
      try {
        await guard(() => makeFolder(cache));
        // A dead process may have had this one's id: in a container it always has.
        await rm(next, { recursive: true, force: true });
        await mkdir(next);
        const files = await describeFiles(finished, dir, outputs);
        await placeFiles(files, dir, join(next, "files"));
        const entry: Entry = { ...finished, finished: new Date().toISOString(), files };
        await writeWhole(join(next, "entry.json"), serializeEntry(entry));
        await guard(async () => {
          await dropEntry(cache, key);
          await rename(next, join(entriesDir(cache), key));
          await trim(cache, entriesLimit);
        });
      } catch (error) {
        const why = refusalOf(error);
        if (why === undefined) throw error;
        tell(`What is built is not kept in ${cache}: ${why}.`);
      } finally {
        await rm(next, { recursive: true, force: true }).catch(ignoreRefusal);
      }
    },
    withLock: (key, onWait, work) => withLock(join(entriesDir(cache), key), { signal, onWait }, work),
  };
}

/** What is wrong with an entry when its files cannot be placed, by the code of the error. */
const damages: Readonly<Record<string, string>> = { ENOENT: "a file is missing", EISDIR: "a folder stands for a file" };

function ignoreRefusal(error: unknown): void {
  if (refusalOf(error) === undefined && errorCode(error) !== "ENOENT") throw error;
}

async function describeFiles(
  { artifacts }: Pick<Entry, "artifacts">,
  dir: string,
  outputs: readonly string[],
): Promise<readonly CachedFile[]> {
  const published = artifacts.map(({ file, size, sha256 }) => ({ path: `out/${file}`, size, sha256 }));
  const known = new Set(published.map((file) => file.path));
  const options = { cwd: dir, dot: true, onlyFiles: true, followSymbolicLinks: true };
  const others = (outputs.length === 0 ? [] : await glob([...outputs], options)).filter((path) => !known.has(path));
  const described: CachedFile[] = [];
  for (const path of others.toSorted()) {
    const found = await lstat(join(dir, path));
    described.push(
      found.isSymbolicLink()
        ? { path, link: await readlink(join(dir, path)) }
        : { path, size: found.size, sha256: await sha256File(join(dir, path)) },
    );
  }
  return [...published, ...described];
}

/**
 * Puts files of one folder into another. Artifacts are hard links, which cost neither time nor space. Outputs are copies, since a job that
 * needs them may write into them.
 */
async function placeFiles(files: readonly CachedFile[], from: string, to: string): Promise<void> {
  for (const dir of new Set(files.map(({ path }) => dirname(join(to, path))))) await mkdir(dir, { recursive: true });
  for (const file of files) {
    const source = join(from, file.path);
    const target = join(to, file.path);
    if ("link" in file) await symlink(file.link, target);
    else if (file.path.startsWith("out/")) await linkOrCopy(source, target);
    else await copy(source, target);
  }
}

async function linkOrCopy(source: string, target: string): Promise<void> {
  await link(source, target).catch(async (error: unknown) => {
    if (!["EXDEV", "EPERM", "EMLINK", "ENOTSUP"].includes(errorCode(error) ?? "")) throw error;
    await copy(source, target);
  });
}

/** With its time, by which make goes. */
async function copy(source: string, target: string): Promise<void> {
  const { atime, mtime } = await stat(source);
  await cloneFile(source, target);
  await utimes(target, atime, mtime);
}

/** The first file that is not as it was when it was kept. */
async function firstBroken(files: readonly CachedFile[], dir: string): Promise<string | undefined> {
  for (const file of files) {
    if (!("link" in file) && !(await isWhole(join(dir, file.path), file))) return file.path;
  }
  return undefined;
}

/** What cannot be read is not whole either, nor is a link that took a file's place. */
async function isWhole(path: string, { size, sha256 }: { readonly size: number; readonly sha256: string }): Promise<boolean> {
  try {
    const found = await lstat(path);
    return found.isFile() && found.size === size && (await sha256File(path)) === sha256;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
}
