import type { Reporter } from "../run/progress.ts";
import { Json } from "../sys/json.ts";

/** Prints each event as a line of JSON (docs/events.md); output of jobs only when `verbose`. */
export function jsonReporter(print: (event: Json) => void, verbose: boolean): Reporter {
  return {
    emit: (event) => {
      if (event.event !== "output" || verbose) print(new Json({ ...event, time: Date.now() }, 0));
    },
    start: () => undefined,
    end: () => undefined,
  };
}
