import { spawnSync } from "node:child_process";
import { lstat, readFile, readdir, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseStaged } from "../../src/sys/staging.ts";
import { withTempDir } from "../../src/sys/with-temp-dir.ts";
import { cli, run, type CliResult } from "./cli.ts";

/** True where strace(1) can follow a program. */
export const canTrace = spawnSync("strace", ["-qq", "-o", "/dev/null", "true"]).status === 0;

const alone = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
/** Starts a program in a PID namespace of its own, as in a container; nothing where that is not possible. */
export const inOwnPids: readonly string[] = spawnSync(alone[0] ?? "", [...alone.slice(1), "true"]).status === 0 ? alone : [];

/** System calls that change a file or folder, or bring it to the disk. */
const calls = ["mkdir", "rename", "link", "unlink", "rmdir", "fsync", "fdatasync", "ftruncate", "fchmod", "copy_file_range"];

/** A file or folder that was brought to the disk, or that got another name. */
export type Change =
  | { readonly call: "fsync"; readonly path: string; readonly isDone: boolean }
  | { readonly call: "rename"; readonly from: string; readonly path: string; readonly isDone: boolean };

export interface Traced extends CliResult {
  readonly changes: readonly Change[];
  /** How often the busiest thread made each system call. */
  readonly counts: ReadonlyMap<string, number>;
}

type Env = Readonly<Record<string, string>>;
/** A system call, and the how manyth of a thread. */
type KillPoint = readonly [call: string, position: number];

/**
 * Runs kovn-build in a folder, but none of the programs that it starts, under strace(1). All file
 * operations come from one thread, so that their order is the same each time. With `kill`, the
 * process ends at that system call.
 */
export async function traced(folder: string, args: readonly string[], env: Env = {}, kill?: KillPoint): Promise<Traced> {
  return withTempDir(join(tmpdir(), "kovn-trace-"), async (dir) => traceTo(join(dir, "log"), folder, args, env, kill));
}

async function traceTo(log: string, folder: string, args: readonly string[], env: Env, kill?: KillPoint): Promise<Traced> {
  const inject = kill === undefined ? [] : ["-e", `inject=${kill[0]}:signal=KILL:when=${kill[1]}`];
  const strace = ["strace", "-f", "-qq", "-y", "-s", "4096", "-b", "execve", "-o", log];
  const command = [...strace, "-e", `trace=${calls.join(",")}`, ...inject, process.execPath, cli, ...args];
  const result = await run(folder, [...inOwnPids, ...command], { ...env, UV_THREADPOOL_SIZE: "1" });
  const lines = (await readFile(log, "utf8")).split("\n");
  return { ...result, changes: lines.flatMap((line) => parseChange(line, folder)), counts: countCalls(lines) };
}

function parseChange(line: string, folder: string): Change[] {
  const isDone = line.endsWith(" = 0");
  const [, synced] = /\bf(?:data)?sync\(\d+<([^>]*)>/.exec(line) ?? [];
  if (synced !== undefined) return [{ call: "fsync", path: synced, isDone }];
  const [, from, path] = /\brename\("([^"]+)", "([^"]+)"/.exec(line) ?? [];
  if (from === undefined || path === undefined || / = -1 /.test(line)) return [];
  return [{ call: "rename", from: resolve(folder, from), path: resolve(folder, path), isDone }];
}

function countCalls(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) {
    const [, thread, call] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (call !== undefined) counts.set(`${thread} ${call}`, (counts.get(`${thread} ${call}`) ?? 0) + 1);
  }
  const busiest = new Map<string, number>();
  for (const [key, count] of counts) {
    const call = key.split(" ")[1] ?? "";
    busiest.set(call, Math.max(count, busiest.get(call) ?? 0));
  }
  return busiest;
}

/**
 * What was renamed to a lasting place below `root`, with what was missing: a file or folder that was
 * not brought to the disk before, or the folder around it after.
 */
export async function unsynced(root: string, changes: readonly Change[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  for (const [index, change] of changes.entries()) {
    if (change.call !== "rename" || !change.path.startsWith(`${root}/`) || isStaged(change.path)) continue;
    const before = new Set(changes.slice(0, index).map((one) => (one.call === "fsync" ? one.path : undefined)));
    const after = changes.slice(index).some((one) => one.call === "fsync" && one.path === dirname(change.path));
    const missing = [change.path, ...(await allBelow(change.path))]
      .map((path) => `${change.from}${path.slice(change.path.length)}`)
      .filter((path) => !before.has(path));
    found.set(change.path.slice(root.length + 1), [...missing, ...(after ? [] : [`${dirname(change.path)}, afterwards`])]);
  }
  return found;
}

/**
 * Empties the files below a folder that were not brought to the disk before a kill, as a loss of
 * power may. Returns how many.
 */
export async function losePower(folder: string, changes: readonly Change[]): Promise<number> {
  let synced = new Set<string>();
  for (const change of changes)
    if (change.call === "fsync") synced = change.isDone ? synced.add(change.path) : synced;
    else if (change.isDone || !(await isThere(change.from)))
      synced = new Set(
        [...synced].map((path) =>
          `${path}/`.startsWith(`${change.from}/`) ? change.path + path.slice(change.from.length) : path,
        ),
      );
  let lost = 0;
  for (const path of await allBelow(folder))
    if ((await lstat(path)).isFile() && !synced.has(path)) {
      await truncate(path);
      lost++;
    }
  return lost;
}

function isStaged(path: string): boolean {
  return path.split("/").some((name) => parseStaged(name) !== undefined);
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function allBelow(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((one) => one.isFile() || one.isDirectory()).map((one) => join(one.parentPath, one.name));
}
