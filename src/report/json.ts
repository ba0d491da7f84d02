import type { Reporter } from "../run/progress.ts";

/** Prints each event as a line of JSON (docs/events.md); output of jobs only when `verbose`. */
export function jsonReporter(print: (text: string) => void, verbose: boolean): Reporter {
  return {
    emit: (event) => {
      if (event.event !== "output" || verbose) print(`${JSON.stringify({ ...event, time: Date.now() })}\n`);
    },
    start: () => undefined,
    end: () => undefined,
  };
}
