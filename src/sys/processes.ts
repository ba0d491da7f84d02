import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { freemem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** The code of a system error, such as `ENOENT` (errno(3)); undefined for any other error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** This process's id, for names of temporary files and folders that must not clash between runs. */
export const ownPid = process.pid;

/** The operating system's name, such as `linux`, `win32` or `darwin`. */
export const ownPlatform = process.platform;

/** The version of Node that runs this process. */
export const ownNode = process.versions.node;

/** True when this process may do everything, such as install packages. */
export const isRoot = process.getuid?.() === 0;

/** Free memory in bytes: the machine's, or less where a container limits it. */
export function availableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(freemem(), limit) : freemem();
}

/**
 * The environment variable that marks every program this process starts, and all that these start.
 */
export const markName = "KOVN_BUILD_MARK";
/** The prefix of all marks of this process. */
export const ownMark = randomUUID();

/** True while a process with that id exists, of any owner. */
export function isAlive(pid: number): boolean {
  return sendSignal(pid, 0);
}

/** A program that was started in a session of its own, and all processes that came from it. */
export interface ProcessTree {
  readonly root: number;
  /** The value of its variable `markName`; undefined when it has no mark. */
  readonly mark: string | undefined;
}

/** Milliseconds between SIGTERM and SIGKILL. */
const grace = 1000;
/**
 * Time limit for stopping a tree, in milliseconds. A process that survives SIGKILL hangs in the
 * kernel.
 */
const timeoutMs = 3500;

/**
 * Stops a program and all processes that came from it, including those that left its process group
 * or session: SIGTERM, and SIGKILL a second later. Resolves when none is left.
 */
export async function endTree(tree: ProcessTree): Promise<void> {
  const sessions = new Set([tree.root]);
  const asked = new Set<number>();
  const started = performance.now();
  for (let age = 0; age < timeoutMs; age = performance.now() - started) {
    const pids = findTree(tree, sessions);
    if (pids.length === 0) return;
    for (const pid of pids) {
      if (age >= grace) sendSignal(pid, "SIGKILL");
      else if (!asked.has(pid)) sendSignal(pid, "SIGTERM");
      asked.add(pid);
    }
    await sleep(100);
  }
}

/**
 * Ids of the tree's running processes. Adds their sessions to `sessions`, so that processes are
 * still found when their parents are gone.
 */
function findTree({ root, mark }: ProcessTree, sessions: Set<number>): readonly number[] {
  if (ownPlatform !== "linux") return isAlive(-root) ? [-root] : [];
  const all = readProcesses().filter(({ pid }) => pid !== ownPid);
  const found = new Set(all.flatMap(({ pid }) => (pid === root || (mark !== undefined && carriesMark(pid, mark)) ? [pid] : [])));
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const { pid, parent, session } of all) {
      if (!found.has(pid) && !found.has(parent) && !sessions.has(session)) continue;
      found.add(pid);
      sessions.add(session);
    }
  }
  return [...found];
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
}

/**
 * All running processes (proc_pid_stat(5): `pid (name) state parent group session`; Z and X have
 * ended).
 */
function readProcesses(): readonly Process[] {
  return readdirSync("/proc").flatMap((name) => {
    const stat = /^\d+$/.test(name) ? readProc(`${name}/stat`) : "";
    const [state, parent, , session] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (stat === "" || state === "Z" || state === "X") return [];
    return [{ pid: Number(name), parent: Number(parent), session: Number(session) }];
  });
}

function carriesMark(pid: number, mark: string): boolean {
  return `\0${readProc(`${pid}/environ`)}`.includes(`\0${markName}=${mark}\0`);
}

/** Empty when the process is gone or belongs to another user. */
function readProc(file: string): string {
  try {
    return readFileSync(`/proc/${file}`, "latin1");
  } catch {
    return "";
  }
}

/**
 * False when there is no such process. A process of another user counts as running. A negative
 * target is a process group (kill(2)).
 */
function sendSignal(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === "ESRCH") return false;
    if (code === "EPERM") return true;
    throw error;
  }
}
