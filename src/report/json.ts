import type { Reporter } from "./reporter.ts";

/** Prints each event as a line of JSON (docs/events.md); output of jobs only when `verbose`. */
export function jsonReporter(print: (text: string) => void, verbose: boolean): Reporter {
  return {
    emit: (event) => {
      if (event.event !== "output" || verbose) print(`${JSON.stringify(event)}\n`);
    },
    close: async () => undefined,
  };
}
