import type { Report, ReportOptions } from "../program/context.ts";
import type { Progress } from "../run/events.ts";
import type { Host } from "../sys/exec.ts";
import type { Actions } from "./actions.ts";

export interface ReportChoice {
  readonly host: Host;
  readonly actions: Actions | undefined;
  /** The terminal that progress can be redrawn on; undefined when there is none. */
  readonly screen: NodeJS.WriteStream | undefined;
  readonly color: boolean;
  /** Prints progress (stderr). */
  readonly print: (text: string) => void;
  /** Prints results (stdout). */
  readonly result: (text: string) => void;
}

/** Reports progress live, as plain lines, for GitHub Actions, or as JSON. */
export function makeReport(choice: ReportChoice): Report {
  const { host, print } = choice;
  return {
    write: print,
    run: async <T>(work: (progress: Progress) => Promise<T>, options: ReportOptions = {}): Promise<T> => {
      const [{ withProgress }, reporter] = await Promise.all([import("../run/progress.ts"), chooseReporter(choice, options)]);
      return withProgress(host, reporter, work);
    },
  };
}

async function chooseReporter({ actions, screen, color, print, result }: ReportChoice, options: ReportOptions) {
  const { events = false, verbose = false } = options;
  if (events) return (await import("./json.ts")).jsonReporter(result, verbose);
  if (actions !== undefined) return (await import("./actions-reporter.ts")).actionsReporter(actions, { print, result });
  if (screen === undefined || verbose) return (await import("./plain.ts")).plainReporter({ print, result, verbose });
  return (await import("./live.ts")).liveReporter({ screen, color, print, result });
}
