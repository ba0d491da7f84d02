import type { Host } from "../../src/sys/exec.ts";
import { quietTask, type Task } from "../../src/sys/task.ts";

/** A host for tests: programs see only PATH, and the signal never aborts. */
export const host: Host = {
  env: { PATH: process.env["PATH"] ?? "" },
  signal: new AbortController().signal,
  task: quietTask,
};

/** Makes a task that records what it and the tasks below it report, a line each. */
export function watchTask(): { readonly task: Task; readonly seen: string[] } {
  const seen: string[] = [];
  const task: Task = {
    run: async (title, work) => {
      seen.push(`start: ${title}`);
      return work(task).finally(() => seen.push(`end: ${title}`));
    },
    say: (message) => void seen.push(`say: ${message}`),
    notice: (message) => void seen.push(`notice: ${message}`),
  };
  return { task, seen };
}
