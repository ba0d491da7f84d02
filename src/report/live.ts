import type { RunEvent } from "../run/events.ts";
import type { Reporter } from "../run/progress.ts";
import { describeEvent, showResult } from "./describe.ts";
import { makeJobStates } from "./job-states.ts";
import { makeRows } from "./rows.ts";
import type { Screen } from "./screen.ts";
import type { Style } from "./style.ts";
import { drawView } from "./view.ts";

export interface LiveOptions {
  readonly screen: Screen;
  readonly style: Style;
  /** Prints above the live view. */
  readonly print: (text: string) => void;
  /** Prints the result of the command (stdout). */
  readonly result: (text: string) => void;
}

/**
 * Draws a live view of what runs, below a line for each other event. The view is removed at the
 * end.
 */
export function liveReporter({ screen, style, print, result }: LiveOptions): Reporter {
  const began = performance.now();
  const states = makeJobStates();
  return {
    start: (running) => {
      screen.show((size) => {
        const now = performance.now();
        const rows = makeRows(running(), states, now);
        return rows.length === 0
          ? []
          : drawView({ running: rows, summary: states.summary(now), elapsed: now - began }, size, style);
      });
    },
    emit: (event) => {
      states.note(event);
      const text = isAbove(event) ? describeEvent(event, { verbose: false, style }) : undefined;
      if (text !== undefined) print(`${text}\n`);
      if (event.event === "done") result(showResult(event));
    },
    end: () => screen.show(undefined),
  };
}

/** True for an event that gets a line above the view. The view itself shows what runs. */
function isAbove({ event }: RunEvent): boolean {
  return event !== "task-start" && event !== "job-start" && event !== "output";
}
