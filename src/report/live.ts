import { createLogUpdate } from "log-update";
import type { RunEvent } from "../run/events.ts";
import type { Reporter } from "../run/progress.ts";
import type { RunningTask } from "../sys/tasks.ts";
import { describeEvent, showResult } from "./plain.ts";
import { makeRows } from "./rows.ts";
import { drawView, type JobCounts } from "./view.ts";

export interface LiveOptions {
  readonly screen: NodeJS.WriteStream;
  readonly color: boolean;
  /** Prints above the live view. */
  readonly print: (text: string) => void;
  /** Prints the result of the command (stdout). */
  readonly result: (text: string) => void;
}

/** Milliseconds between two drawings of the live view. */
const pause = 250;

/**
 * Draws a live view of what runs, below a line for each other event. The view is removed at the
 * end.
 */
export function liveReporter({ screen, color, print, result }: LiveOptions): Reporter {
  const update = createLogUpdate(screen);
  const began = performance.now();
  const rows = makeRows();
  let running: () => readonly RunningTask[] = () => [];
  let jobs: JobCounts | undefined;
  let timer: NodeJS.Timeout | undefined;

  const draw = () => {
    const now = performance.now();
    const view = { running: rows.of(running(), now), jobs, elapsed: now - began };
    if (view.running.length === 0) return update.clear();
    update(drawView(view, { columns: screen.columns, rows: screen.rows, color }).join("\n"));
  };
  const say = (text: string | undefined) => {
    if (text === undefined) return;
    update.clear();
    print(`${text}\n`);
    draw();
  };
  return {
    start: (now) => {
      running = now;
      timer = setInterval(draw, pause).unref();
    },
    emit: (event) => {
      rows.note(event);
      jobs = countJobs(jobs, event);
      if (isAbove(event)) say(describeEvent(event, false));
      if (event.event === "done") result(showResult(event));
    },
    end: () => {
      clearInterval(timer);
      update.clear();
      update.done();
    },
  };
}

/** True for an event that gets a line above the view. The view itself shows what runs. */
function isAbove({ event }: RunEvent): boolean {
  return event !== "task-start" && event !== "job-start" && event !== "output";
}

function countJobs(counts: JobCounts | undefined, event: RunEvent): JobCounts | undefined {
  if (event.event === "jobs") return { running: 0, waiting: event.jobs.length, ended: 0, failed: 0 };
  if (counts === undefined) return undefined;
  const { running, waiting, ended, failed } = counts;
  switch (event.event) {
    case "job-start":
      return { ...counts, running: running + 1, waiting: waiting - 1 };
    case "job-end":
      return { ...counts, running: running - 1, ended: ended + 1, failed: failed + (event.outcome === "built" ? 0 : 1) };
    case "job-cached":
      return { ...counts, waiting: waiting - 1, ended: ended + 1 };
    case "job-skipped":
      return { ...counts, waiting: waiting - 1, ended: ended + 1, failed: failed + 1 };
    default:
      return counts;
  }
}
