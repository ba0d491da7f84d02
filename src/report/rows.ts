import type { RunningTask } from "../sys/tasks.ts";
import { count, duration } from "../sys/text.ts";
import type { JobStates } from "./job-states.ts";
import type { Style } from "./style.ts";

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
  /** The log of the job. */
  readonly log: string | undefined;
}

/** Makes a row of each running task. `now` is a time of `performance.now()`. */
export function makeRows(running: readonly RunningTask[], states: JobStates, now: number): readonly Row[] {
  return running.filter((task) => !hasEnded(task, states)).map((task) => makeRow(task, states, now));
}

/** True between the end of a job and what follows, such as caching its result. */
function hasEnded({ title, job }: RunningTask, states: JobStates): boolean {
  const { state } = (title === job && states.get(job)) || { state: "waiting" };
  return state === "built" || state === "failed";
}

function makeRow({ title, job, started, said }: RunningTask, states: JobStates, now: number): Row {
  const doing = [...(job === undefined || title === job ? [] : [title]), ...(said === undefined ? [] : [said])].join(", ");
  const row = { name: job ?? title, doing, elapsed: now - started, expected: undefined, warnings: 0, last: "", log: undefined };
  const state = job === undefined ? undefined : states.get(job);
  // Before a job starts and after its end, its tasks show their own time.
  if (state?.state !== "running" || state.started === undefined) return row;
  const { expected, warnings, last, log } = state;
  return { ...row, elapsed: now - state.started, expected, warnings, last, log };
}

/** Describes what a task is doing and for how long, such as `step 1 of 2: deb, 4.2 s, 1 warning`. */
export function describeRow({ doing, elapsed, expected, warnings }: Row, style: Style): string {
  const time = expected === undefined ? duration(elapsed) : `${duration(elapsed)} of about ${duration(expected)}`;
  return [...(doing === "" ? [] : [doing]), time, ...(warnings === 0 ? [] : [style.warning(count(warnings, "warning"))])].join(
    ", ",
  );
}
