import type { Host } from "../sys/exec.ts";
import { runTasks, type View } from "../sys/tasks.ts";
import type { Emit, Progress } from "./events.ts";

/** Shows the tasks and events of a command. */
export interface Reporter extends View {
  readonly emit: Emit;
}

/** Runs a command's work as a tree of tasks. Returns or throws what the work does. */
export async function withProgress<T>(host: Host, reporter: Reporter, work: (progress: Progress) => Promise<T>): Promise<T> {
  const listeners = [reporter.emit];
  const emit: Emit = (event) => listeners.forEach((listener) => listener(event));
  const listen = (listener: Emit) => void listeners.unshift(listener);
  const { signal, mask } = host;
  return runTasks(async (task) => work({ host: { ...host, task }, emit, listen }), { view: reporter, emit, signal, mask });
}
