/** The code of a system error (errno(3) by name, such as `ENOENT`), or undefined for any other error. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** This process's id, for names of temporary files and folders that must not clash between runs. */
export const ownPid = process.pid;

/** True while a process of that id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  return sendSignal(pid, 0);
}

/** Sends a signal to a whole process group (kill(2) with a negative id); a group that is gone is no error. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  sendSignal(-group, signal);
}

/** False when there is no such process; a process of somebody else counts as there. */
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
