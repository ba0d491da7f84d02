import type { RunEvent } from "../run/events.ts";
import type { Reporter } from "../run/progress.ts";
import { describeEvent, showResult, type DescribeOptions } from "./describe.ts";
import { makeJobStates } from "./job-states.ts";
import { describeRow, makeRows } from "./rows.ts";

export interface PlainOptions extends DescribeOptions {
  /** Prints progress (stderr). */
  readonly print: (text: string) => void;
  /** Prints the result of the command (stdout). */
  readonly result: (text: string) => void;
  /** Milliseconds between two lines about a task that is still running. */
  readonly heartbeat?: number;
  /** Shows the start of a step in another way, and returns true; or returns false. */
  readonly showStep?: (job: string, text: string) => boolean;
  /** A task that is not a step gets a line only when it takes longer, in milliseconds. */
  readonly delay?: number;
}

/** Prints a line for each event, and one a minute for each running task. For logs and pipes. */
export function plainReporter(options: PlainOptions): Reporter {
  const { print, result, style, heartbeat = 60_000, delay = 1000, showStep } = options;
  const states = makeJobStates();
  /** Jobs whose next task is a step. */
  const atStep = new Set<string>();
  const pending = new Map<number, NodeJS.Timeout>();
  let beat: NodeJS.Timeout | undefined;
  const say = (event: RunEvent) => {
    const text = describeEvent(event, options);
    if (text !== undefined) print(`${text}\n`);
  };
  const startTask = (event: RunEvent & { event: "task-start" }) => {
    const { task, job } = event;
    if (job === undefined || !atStep.delete(job)) pending.set(task, setTimeout(() => say(event), delay).unref());
    else if (showStep?.(job, describeEvent(event, options) ?? "") !== true) say(event);
  };
  return {
    start: (running) => {
      const show = () => {
        for (const row of makeRows(running(), states, performance.now())) print(`${row.name}: ${describeRow(row, style)}\n`);
      };
      beat = setInterval(show, heartbeat).unref();
    },
    emit: (event) => {
      states.note(event);
      if (event.event === "step-start") atStep.add(event.job);
      if (event.event === "task-start") startTask(event);
      else say(event);
      if (event.event === "task-end") {
        clearTimeout(pending.get(event.task));
        pending.delete(event.task);
      }
      if (event.event === "done") result(showResult(event));
    },
    end: () => {
      clearInterval(beat);
      for (const timer of pending.values()) clearTimeout(timer);
    },
  };
}
