import type { RunEvent } from "../run/events.ts";
import type { RunningTask } from "../sys/tasks.ts";
import { count, duration } from "../sys/text.ts";

/** What is shown of a running task. Times are milliseconds. */
export interface Row {
  /** The job, or the task itself when it belongs to none. */
  readonly name: string;
  /** What it is doing, such as `step 1 of 2: deb`; may be empty. */
  readonly doing: string;
  readonly elapsed: number;
  readonly expected: number | undefined;
  readonly warnings: number;
  /** Its last line of output, unchanged; empty when there is none. */
  readonly last: string;
}

interface JobState {
  readonly started: number;
  readonly expected: number | undefined;
  readonly warnings: number;
  readonly last: string;
}

export interface Rows {
  /** Takes note of what an event says about a job. */
  readonly note: (event: RunEvent) => void;
  /** Returns a row for each running task. `now` is a time of `performance.now()`. */
  readonly of: (running: readonly RunningTask[], now: number) => readonly Row[];
}

/** Makes rows of running tasks, with what the events so far said about their jobs. */
export function makeRows(): Rows {
  const jobs = new Map<string, JobState>();
  const row = ({ title, job, started, said }: RunningTask, now: number): Row => {
    const doing = said ?? "";
    const state = job === undefined ? undefined : jobs.get(job);
    if (job === undefined || state === undefined)
      return { name: title, doing, elapsed: now - started, expected: undefined, warnings: 0, last: "" };
    const { expected, warnings, last } = state;
    const all = [title === job ? "" : title, doing].filter(Boolean).join(", ");
    return { name: job, doing: all, elapsed: now - state.started, expected, warnings, last };
  };
  return {
    note: (event) => {
      if (event.event === "job-start")
        jobs.set(event.job, { started: performance.now(), expected: event.expected, warnings: 0, last: "" });
      else if (event.event === "output") {
        const state = jobs.get(event.job);
        if (state !== undefined)
          jobs.set(event.job, { ...state, last: event.line, warnings: state.warnings + (event.warning ? 1 : 0) });
      } else if (event.event === "job-end") jobs.delete(event.job);
    },
    of: (running, now) => running.map((task) => row(task, now)),
  };
}

/** Describes what a task is doing and for how long, such as `step 1 of 2: deb, 4.2 s, 1 warning`. */
export function describeRow({ doing, elapsed, expected, warnings }: Row): string {
  const time = expected === undefined ? duration(elapsed) : `${duration(elapsed)} of about ${duration(expected)}`;
  return [...(doing === "" ? [] : [doing]), time, ...(warnings === 0 ? [] : [count(warnings, "warning")])].join(", ");
}
