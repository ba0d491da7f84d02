import type { RunEvent } from "../run/events.ts";
import type { Reporter } from "../run/progress.ts";
import { showControls } from "../sys/show-controls.ts";

/**
 * Makes a reporter for people of one that trusts its texts: names, titles and messages of others
 * come without control characters. Output of jobs stays, as reporters show only its printable form.
 */
export function safeReporter(reporter: Reporter): Reporter {
  return {
    start: (running) => reporter.start(() => running().map((task) => safe(task))),
    emit: (event) => reporter.emit(safeEvent(event)),
    end: () => reporter.end(),
  };
}

function safeEvent(event: RunEvent): RunEvent {
  if (event.event === "output") return { ...event, job: showControls(event.job) };
  return event.event === "job-end" ? { ...safe(event), tail: event.tail } : safe(event);
}

/** A copy without control characters in texts and keys. */
function safe<T>(value: T): T {
  const copy = (inner: unknown): unknown => {
    if (typeof inner === "string") return showControls(inner);
    if (Array.isArray(inner)) return inner.map(copy);
    if (typeof inner !== "object" || inner === null) return inner;
    return Object.fromEntries(Object.entries(inner).map(([name, one]) => [showControls(name), copy(one)]));
  };
  return copy(value) as T;
}
