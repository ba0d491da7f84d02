import type { Reporter } from "./reporter.ts";

/** One JSON object a line for each event (docs/events.md); lines of job output only when `verbose`. */
export function jsonReporter(print: (text: string) => void, verbose: boolean): Reporter {
  return {
    emit: (event) => {
      if (event.event !== "output" || verbose) print(`${JSON.stringify(event)}\n`);
    },
    close: async () => undefined,
  };
}
