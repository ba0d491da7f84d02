import { createLogUpdate } from "log-update";
import { testId } from "../suite/autotest.ts";
import type { SuiteEvent } from "../suite/events.ts";
import { duration } from "./reporter.ts";
import { cutLine } from "./view.ts";

/** Turns the events of a run of upstream's tests into text. */
export interface SuiteReporter {
  readonly emit: (event: SuiteEvent) => void;
  readonly close: () => void;
}

/** The plain reporter prints the progress of the tests this many times. */
const parts = 20;

/** Prints a line for each phase and each failure, and now and then the progress of the tests. */
export function plainSuiteReporter(print: (text: string) => void): SuiteReporter {
  return {
    emit: (event) => {
      const text = describe(event);
      if (text !== undefined) print(`${text}\n`);
      if (event.event !== "test") return;
      const part = (done: number) => Math.floor((done * parts) / event.total);
      if (part(event.done) > part(event.done - 1)) print(`${progress(event)}\n`);
    },
    close: () => undefined,
  };
}

/** Milliseconds between two drawings of the live view. */
const pause = 250;

/**
 * Prints the same lines above a live view of two lines: the progress, and the last line of output.
 */
export function liveSuiteReporter(screen: NodeJS.WriteStream, print: (text: string) => void): SuiteReporter {
  const update = createLogUpdate(screen);
  let doing: { readonly text: string; readonly since: number } | undefined;
  let last = "";
  const draw = () => {
    if (doing === undefined) return;
    const time = duration(performance.now() - doing.since);
    update([`${doing.text}, ${time}`, `  ${last}`].map((line) => cutLine(line, screen.columns)).join("\n"));
  };
  const timer = setInterval(draw, pause);
  timer.unref();
  return {
    emit: (event) => {
      if (event.event === "output") last = event.line;
      else if (event.event === "phase") doing = { text: `${event.tree}: ${event.phase}`, since: performance.now() };
      else if (event.event === "test" && doing !== undefined) doing = { ...doing, text: progress(event) };
      const text = describe(event);
      if (text === undefined) return;
      update.clear();
      print(`${text}\n`);
      draw();
    },
    close: () => {
      clearInterval(timer);
      update.clear();
      update.done();
    },
  };
}

/** Describes an event for people; undefined for one that gets no line of its own. */
function describe(event: SuiteEvent): string | undefined {
  switch (event.event) {
    case "notice":
      return `notice: ${event.message}`;
    case "phase":
      return `${event.tree}: ${event.phase}, log in ${event.log}`;
    case "output":
      return undefined;
    case "broken":
      return event.tail.map((line) => `  ${line}`).join("\n");
    case "test":
      return event.failed ? `${event.tree}: FAILED ${testId(event.test)}: ${event.test.title}` : undefined;
    default:
      return event satisfies never;
  }
}

function progress({ tree, done, total, failures, left }: SuiteEvent & { readonly event: "test" }): string {
  const rest = left === undefined ? "" : `, about ${duration(left)} left`;
  return `${tree}: test ${done} of ${total}, ${failures} failed${rest}`;
}
