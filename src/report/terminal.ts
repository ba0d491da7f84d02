import { createLogUpdate } from "log-update";
import type { RunEvent } from "../run/events.ts";
import { describeEvent, showResult } from "./plain.ts";
import type { Reporter } from "./reporter.ts";
import { drawView, type ViewedJob } from "./view.ts";

/** A running job; `started` is a time of `performance.now()`. */
type RunningJob = Omit<ViewedJob, "elapsed"> & { readonly started: number };

export interface Terminal {
  readonly screen: NodeJS.WriteStream;
  readonly color: boolean;
  /** Prints above the live view. */
  readonly print: (text: string) => void;
  /** Gets the result of the command (stdout). */
  readonly result: (text: string) => void;
}

/** Milliseconds between two drawings of the live view. */
const pause = 250;

/**
 * Draws a live view of the running jobs, below a line for each other event. The view is removed
 * when the run ends.
 */
export function terminalReporter({ screen, color, print, result }: Terminal): Reporter {
  const update = createLogUpdate(screen);
  const began = performance.now();
  const running = new Map<string, RunningJob>();
  let jobs = 0;
  let ended = 0;
  let failed = 0;

  const draw = () => {
    if (running.size === 0) return;
    const now = performance.now();
    const view = {
      running: [...running.values()].map(({ started, ...job }) => ({ ...job, elapsed: now - started })),
      waiting: jobs - running.size - ended,
      ended,
      failed,
      elapsed: now - began,
    };
    update(drawView(view, { columns: screen.columns, rows: screen.rows, color }).join("\n"));
  };
  const say = (event: RunEvent) => {
    update.clear();
    const text = describeEvent(event, false);
    if (text !== undefined) print(`${text}\n`);
    draw();
  };
  const change = (id: string, changes: (job: RunningJob) => Partial<RunningJob>) => {
    const job = running.get(id);
    if (job !== undefined) running.set(id, { ...job, ...changes(job) });
  };
  const timer = setInterval(draw, pause);
  timer.unref();

  const emit = (event: RunEvent) => {
    switch (event.event) {
      case "plan":
        jobs = event.jobs.length;
        return say(event);
      case "job-start": {
        const { job: id, expected } = event;
        running.set(id, { id, doing: "patches", started: performance.now(), expected, warnings: 0, last: "" });
        return draw();
      }
      case "step-start":
        return change(event.job, () => ({ doing: `step ${event.position} of ${event.count}, ${event.step}` }));
      case "output":
        return change(event.job, ({ warnings }) => ({ last: event.line, warnings: warnings + (event.warning ? 1 : 0) }));
      case "job-end":
        running.delete(event.job);
        ended += 1;
        failed += event.outcome === "built" ? 0 : 1;
        return say(event);
      case "job-cached":
      case "job-skipped":
        ended += 1;
        failed += event.event === "job-skipped" ? 1 : 0;
        return say(event);
      case "done":
        say(event);
        return result(showResult(event));
      case "notice":
      case "base":
        return say(event);
      default:
        event satisfies never;
    }
  };
  return {
    emit,
    close: async () => {
      clearInterval(timer);
      update.clear();
      update.done();
    },
  };
}
