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

/** The id of the user that this process acts as; undefined where users have none. */
export const ownUser = process.geteuid?.();

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

/** The programs that run. */
const trees = new Set<ProcessTree>();
/** How many milliseconds this process was stopped so far. */
let stoppedTime = 0;

/** Notes a program that runs, for `whileStopped`. Returns a function that forgets it. */
export function noteTree(tree: ProcessTree): () => void {
  trees.add(tree);
  return () => void trees.delete(tree);
}

/**
 * Stops all noted programs and all processes that came from them (SIGSTOP), runs `stop`, which stops
 * this process as well, and continues them.
 */
export function whileStopped(stop: () => void): void {
  const started = performance.now();
  const seen = new Set<number>();
  const stopped: number[] = [];
  // In rounds, since they may fork meanwhile.
  for (let size = -1; size !== seen.size;) {
    size = seen.size;
    for (const { pid, isStopped } of [...trees].flatMap((tree) => findTree(tree, new Set([tree.root])))) {
      // One that a program stopped itself stays as it is.
      if (!seen.has(pid) && !isStopped && sendSignal(pid, "SIGSTOP")) stopped.push(pid);
      seen.add(pid);
    }
  }
  stop();
  stoppedTime += performance.now() - started;
  for (const pid of stopped) sendSignal(pid, "SIGCONT");
}

/**
 * Calls `late` after that many milliseconds, without those for which this process was stopped.
 * Returns a function that prevents it.
 */
export function startTimeout(late: () => void, ms: number): () => void {
  let before = stoppedTime;
  const check = () => {
    const missed = stoppedTime - before;
    before = stoppedTime;
    if (missed === 0) late();
    else timer = setTimeout(check, missed);
  };
  let timer = setTimeout(check, ms);
  return () => clearTimeout(timer);
}

/**
 * False when this process runs in the background of a shell, so that its terminal is another's
 * (proc_pid_stat(5): `pid (name) state parent group session tty foreground-group`).
 */
export function isForeground(): boolean {
  const [, , group, , , foreground] = statFields("self");
  return foreground === undefined || foreground === "-1" || foreground === group;
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
    const found = findTree(tree, sessions);
    if (found.length === 0) return;
    for (const { pid } of found) {
      if (age >= grace) sendSignal(pid, "SIGKILL");
      else if (!asked.has(pid)) sendSignal(pid, "SIGTERM");
      asked.add(pid);
    }
    await sleep(100);
  }
}

/**
 * The tree's running processes. Adds their sessions to `sessions`, so that processes are
 * still found when their parents are gone.
 */
function findTree({ root, mark }: ProcessTree, sessions: Set<number>): readonly Found[] {
  if (ownPlatform !== "linux") return isAlive(-root) ? [{ pid: -root, isStopped: false }] : [];
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
  return all.filter(({ pid }) => found.has(pid));
}

interface Found {
  /** Negative for a process group. */
  readonly pid: number;
  readonly isStopped: boolean;
}

interface Process extends Found {
  readonly parent: number;
  readonly session: number;
}

/**
 * All running processes (proc_pid_stat(5): `pid (name) state parent group session`; Z and X have
 * ended).
 */
function readProcesses(): readonly Process[] {
  return readdirSync("/proc").flatMap((name) => {
    const [state, parent, , session] = /^\d+$/.test(name) ? statFields(name) : [];
    if (state === undefined || state === "Z" || state === "X") return [];
    return [{ pid: Number(name), parent: Number(parent), session: Number(session), isStopped: state === "T" }];
  });
}

/** The fields of `/proc/<pid>/stat` after the name; none when the process is gone. */
export function statFields(pid: string): readonly string[] {
  const stat = readProc(`${pid}/stat`);
  return stat === "" ? [] : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
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
