import { readFile } from "node:fs/promises";
import type { Status } from "./status-lines.ts";
import type { Task } from "./task.ts";

/** A line of git's progress: `Receiving objects:  45% (9/20), 1.00 MiB | 2.00 MiB/s`. */
const progress =
  /^(?:remote: )?([A-Z])([a-z]+ [a-z]+): +(\d+%|\d+)(?: \(\d+\/\d+\))?(?:, (?!done\.$)(.*?))?(?: \| (.*?))?(?:, done\.)?$/;

/** True for a line that only shows how far git is, or what a fetch updated. */
export function isProgress(line: string): boolean {
  return progress.test(line) || /^remote: Total \d|^From |^\* /.test(line);
}

/** Makes a task say what git reports with `--progress`, such as `45%, receiving objects, 1.00 MiB`. */
export function sayProgress(task: Task): Status {
  return {
    fd: 2,
    onLine: (line) => {
      const [, first, rest, done, size, rate] = progress.exec(line.trim()) ?? [];
      if (first === undefined) return;
      const what = `${first.toLowerCase()}${rest}`;
      task.say([done?.endsWith("%") === true ? done : undefined, what, size, rate].filter(Boolean).join(", "));
    },
  };
}

/** Milliseconds between two looks at the file. */
const pause = 200;

/**
 * Makes a task say which mail `git am` is at, from the file in which git counts them, since git
 * prints nothing before it ends. Returns what ends that.
 */
export function sayMail({ say }: Task, file: string, count: number): () => void {
  const look = async () => say(`patch ${await currentMail(file)} of ${count}`);
  const timer = setInterval(() => void look(), pause).unref();
  return () => clearInterval(timer);
}

/** The mail that `git am` is at, from 1. */
export async function currentMail(file: string): Promise<number> {
  return Number(await readFile(file, "utf8").catch(() => "")) || 1;
}
