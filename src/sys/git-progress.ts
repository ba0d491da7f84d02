import { readSystemText } from "./read-file.ts";
import type { Status } from "./status-lines.ts";
import type { Task } from "./task.ts";

/** A line of git's progress: `Receiving objects:  45% (9/20), 1.00 MiB | 2.00 MiB/s`. */
const progress =
  /^(?:remote: )?([A-Z])([a-z]+ [a-z]+): +(\d+%|\d+)(?: \(\d+\/\d+\))?(?:, (?!done\.$)(.*?))?(?: \| (.*?))?(?:, done\.)?$/;

/** True for a line that only shows how far git is, or what a fetch updated. */
export function isProgress(line: string): boolean {
  return progress.test(line) || /^remote: Total \d|^From |^\* /.test(line);
}

/** Milliseconds between two messages: git reports every percent. */
const quietMs = 1000;

/**
 * Makes a task say what git reports with `--progress`, such as `45%, receiving objects, 1.00 MiB`:
 * the start and the end of each phase, and between them once a second. `now` is a clock in
 * milliseconds.
 */
export function sayProgress(task: Task, now: () => number = () => performance.now()): Status {
  let last = { what: "", message: "", time: 0 };
  return {
    fd: 2,
    onLine: (line) => {
      const [all, first, rest, done, size, rate] = progress.exec(line.trim()) ?? [];
      if (all === undefined || first === undefined) return;
      const what = `${first.toLowerCase()}${rest}`;
      const message = [done?.endsWith("%") === true ? done : undefined, what, size, rate].filter(Boolean).join(", ");
      const isNews = what !== last.what || done === "100%" || all.endsWith(", done.") || now() - last.time >= quietMs;
      if (!isNews || message === last.message) return;
      last = { what, message, time: now() };
      task.say(message);
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
  let isOver = false;
  const look = async () => {
    const mail = currentMail(file);
    // `git am` may have ended meanwhile, and with it the task.
    if (!isOver) say(`patch ${mail} of ${count}`);
  };
  const timer = setInterval(() => void look(), pause).unref();
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

/** The mail that `git am` is at, from 1. */
export function currentMail(file: string): number {
  return Number(readSystemText(file)) || 1;
}
