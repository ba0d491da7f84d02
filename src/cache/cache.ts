import { link, lstat, mkdir, readlink, rm, stat, symlink, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { globInside } from "../sys/glob.ts";
import { BuildError, refusalOf, UnusableFile } from "../errors.ts";
import { lockBeside, lockIn, withLock } from "../sys/with-lock.ts";
import type { Host } from "../sys/exec.ts";
import { cloneFile, sha256File } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { removeStale, stagingOf } from "../sys/staging.ts";
import { renameSynced, syncTree } from "../sys/sync.ts";
import { writeWhole } from "../sys/write-whole.ts";
import { assertVersion, makeFolder, removeResult, resultsLimit, trim } from "./folder.ts";
import {
  serializeResult,
  listResults,
  readResult,
  resultFile,
  resultsDir,
  type CachedFile,
  type CachedResult,
  type StoredResult,
} from "./result.ts";

/**
 * Results of jobs by key. Cache problems never fail a build: each is reported once, and the job is
 * built again.
 */
export interface JobCache {
  /** The description of a result; its files are not checked. */
  find(key: string): Promise<StoredResult | undefined>;
  /** Descriptions of all results, the last used first. */
  list(): Promise<readonly StoredResult[]>;
  /** Marks a result as just used, so that it is not the first to be removed. */
  touch(key: string): Promise<void>;
  /**
   * Puts a result's artifacts (with `outputs` all its files) into `dir`, a new folder, and checks
   * each file. Returns undefined, and leaves no folder, when there is no whole result.
   */
  restore(key: string, dir: string, outputs: boolean): Promise<StoredResult | undefined>;
  /**
   * Stores the result of a job from its folder: the artifacts and the outputs (files, folders or
   * patterns). Call it in `withLock`.
   */
  store(result: Omit<CachedResult, "files" | "finished">, dir: string, outputs: readonly string[]): Promise<void>;
  /** Runs `work` while no other process builds the same job. */
  withLock<T>(job: { readonly id: string; readonly key: string }, host: Host, work: () => Promise<T>): Promise<T>;
}

export interface CacheOptions {
  readonly host: Pick<Host, "signal" | "task">;
}

/**
 * Opens the cache in a folder, which need not exist. Returns undefined, after a notice, when it
 * cannot be used.
 */
export async function openCache(cache: string, { host }: CacheOptions): Promise<JobCache | undefined> {
  const reported = new Set<string>();
  const reportOnce = (message: string) => {
    if (!reported.has(message)) host.task.notice(message);
    reported.add(message);
  };
  const lockable = async () => mkdir(resultsDir(cache), { recursive: true }).catch(ignoreRefusal);
  const guard = async (work: () => Promise<void>) => {
    await lockable();
    await withLock(lockIn(cache), { host, other: `is using ${cache}` }, work);
  };
  const removeDamaged = async (key: string, why: string) => {
    reportOnce(`Cached result ${key.slice(0, 12)} is damaged (${why}): it is removed, and its job is built again.`);
    await guard(() => removeResult(cache, key)).catch(ignoreRefusal);
  };
  try {
    await assertVersion(cache);
  } catch (error) {
    if (refusalOf(error) === undefined && !(error instanceof BuildError)) throw error;
    const why = error instanceof BuildError ? error.message : `Cache ${cache} cannot be read: ${refusalOf(error)}.`;
    reportOnce(`${why} It is not used.`);
    return undefined;
  }
  const find = async (key: string) => {
    const result = await readResult(cache, key);
    if (result !== "damaged") return result;
    await removeDamaged(key, "entry.json");
    return undefined;
  };
  const touch = async (key: string) => {
    const now = new Date();
    await utimes(resultFile(cache, key), now, now).catch(ignoreRefusal);
  };
  return {
    find,
    // A folder that cannot be read is reported when a result is stored.
    list: async () => listResults(cache).catch((error: unknown) => (ignoreRefusal(error), [])),
    touch,
    async restore(key, dir, outputs) {
      const result = await find(key);
      if (result === undefined) return undefined;
      const files = result.files.filter((file) => outputs || file.path.startsWith("out/"));
      try {
        await guard(() => placeFiles(files, join(resultsDir(cache), key, "files"), dir));
      } catch (error) {
        const why = refusalOf(error);
        const damage = error instanceof UnusableFile ? error.why : damages[errorCode(error) ?? ""];
        if (why === undefined && damage === undefined) throw error;
        await rm(dir, { recursive: true, force: true });
        if (damage === undefined) reportOnce(`Results cannot be restored from ${cache}: ${why}.`);
        else await removeDamaged(key, damage);
        return undefined;
      }
      const broken = await firstBroken(files, dir);
      if (broken !== undefined) {
        await rm(dir, { recursive: true, force: true });
        await removeDamaged(key, broken);
        return undefined;
      }
      await touch(key);
      return result;
    },
    async store(result, dir, outputs) {
      const { key } = result;
      const place = join(resultsDir(cache), key);
      const next = stagingOf(place);
      try {
        await guard(async () => {
          await makeFolder(cache);
          await removeStale(place);
        });
        await mkdir(next);
        const files = await describeFiles(result, dir, outputs);
        await placeFiles(files, dir, join(next, "files"));
        const text = serializeResult({ ...result, finished: new Date().toISOString(), files });
        await writeWhole(join(next, "entry.json"), text);
        await syncTree(next);
        await guard(async () => {
          await removeResult(cache, key);
          await renameSynced(next, place);
          await trim(cache, resultsLimit);
        });
      } catch (error) {
        const why = refusalOf(error);
        if (why === undefined) throw error;
        reportOnce(`Results cannot be stored in ${cache}: ${why}.`);
      } finally {
        await rm(next, { recursive: true, force: true }).catch(ignoreRefusal);
      }
    },
    async withLock({ id, key }, below, work) {
      await lockable();
      return withLock(lockBeside(join(resultsDir(cache), key)), { host: below, other: `is building job \`${id}\`` }, work);
    },
  };
}

/** What is wrong with a result whose files cannot be placed, by the code of the error. */
const damages: Readonly<Record<string, string>> = { ENOENT: "a file is missing" };

function ignoreRefusal(error: unknown): void {
  if (refusalOf(error) === undefined && errorCode(error) !== "ENOENT") throw error;
}

async function describeFiles(
  { artifacts }: Pick<CachedResult, "artifacts">,
  dir: string,
  outputs: readonly string[],
): Promise<readonly CachedFile[]> {
  const published = artifacts.map(({ file, size, sha256 }) => ({ path: `out/${file}`, size, sha256 }));
  const known = new Set(published.map((file) => file.path));
  const found = outputs.length === 0 ? [] : await globInside(outputs, dir, { dot: true });
  const others = found.filter((path) => !known.has(path));
  const described: CachedFile[] = [];
  for (const path of others.toSorted()) {
    const state = await lstat(join(dir, path));
    described.push(
      state.isSymbolicLink()
        ? { path, link: await readlink(join(dir, path)) }
        : { path, size: state.size, sha256: await sha256File(join(dir, path)) },
    );
  }
  return [...published, ...described];
}

/**
 * Puts files of one folder into another. Artifacts become hard links, which cost neither time nor
 * space. Outputs are copied, because a job that uses them may write into them.
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

/** Copies a file with its time, which make compares. */
async function copy(source: string, target: string): Promise<void> {
  const { atime, mtime } = await stat(source);
  await cloneFile(source, target);
  await utimes(target, atime, mtime);
}

/** The first file that has changed since it was stored. */
async function firstBroken(files: readonly CachedFile[], dir: string): Promise<string | undefined> {
  for (const file of files) {
    if (!("link" in file) && !(await isWhole(join(dir, file.path), file))) return file.path;
  }
  return undefined;
}

/** False also for a file that cannot be read, or that became a link. */
async function isWhole(path: string, { size, sha256 }: { readonly size: number; readonly sha256: string }): Promise<boolean> {
  try {
    const found = await lstat(path);
    return found.isFile() && found.size === size && (await sha256File(path)) === sha256;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
}
