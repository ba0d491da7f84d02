import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { freemem } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

/** The code of a system error (errno(3) by name, such as `ENOENT`), or undefined for any other error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** This process's id, for names of temporary files and folders that must not clash between runs. */
export const ownPid = process.pid;

/** The system's name, such as `linux`, `win32` or `darwin`. */
export const ownPlatform = process.platform;

/** Bytes of memory that programs may still take: the machine's, or what its container is allowed. */
export function availableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(freemem(), limit) : freemem();
}

/** The variable that marks the environment of every program which this process starts, and so of all that those start in turn. */
export const markName = "KOVN_BUILD_MARK";
/** What the marks of this process's programs begin with. */
export const ownMark = randomUUID();

/** True while a process of that id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  return sendSignal(pid, 0);
}

/** A program that was started in a session of its own, and all that came from it. */
export interface ProcessTree {
  readonly root: number;
  /** The value of its `markName`; undefined when it carries none. */
  readonly mark: string | undefined;
}

/** Milliseconds between SIGTERM and SIGKILL for processes that are to end. */
const grace = 1000;
/** Milliseconds after which nothing more is done: what does not end by SIGKILL hangs in the kernel. */
const timeoutMs = 3500;

/**
 * Ends a program with all that came from it, also what left its process group or its session: SIGTERM, a second later SIGKILL. Resolves when
 * none is left.
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

/** Ids of the tree's living processes; adds their sessions to `sessions`, by which those are found later whose parents are gone. */
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

/** All processes that have not ended (proc_pid_stat(5): `pid (name) state parent group session`; Z and X have ended). */
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

/** Empty when the process is gone or somebody else's. */
function readProc(file: string): string {
  try {
    return readFileSync(`/proc/${file}`, "latin1");
  } catch {
    return "";
  }
}

/** False when there is no such process; a process of somebody else counts as there. A negative target is a process group (kill(2)). */
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
