import type { Report, ReportOptions } from "../program/context.ts";
import type { Progress } from "../run/events.ts";
import type { Host } from "../sys/exec.ts";
import type { Json } from "../sys/json.ts";
import { showControls } from "../sys/show-controls.ts";
import type { Actions } from "./actions.ts";
import { safeReporter } from "./safe-reporter.ts";
import type { Screen } from "./screen.ts";
import { makeStyle } from "./style.ts";

export interface ReportChoice {
  readonly host: Host;
  readonly actions: Actions | undefined;
  /** Opens the screen where progress is drawn live; undefined when that is not possible. */
  readonly openScreen: (() => Promise<Screen>) | undefined;
  /** True when progress (stderr) can have colors. */
  readonly color: boolean;
  /** Prints progress (stderr). */
  readonly print: (text: string) => void;
  /** Prints results (stdout). */
  readonly result: (result: string | Json) => void;
}

/** Reports progress live, as plain lines, for GitHub Actions, or as JSON. */
export function makeReport(choice: ReportChoice): Report {
  const { host, print } = choice;
  return {
    write: (text) => print(showControls(text)),
    run: async <T>(work: (progress: Progress) => Promise<T>, options: ReportOptions = {}): Promise<T> => {
      const [{ withProgress }, reporter] = await Promise.all([import("../run/progress.ts"), chooseReporter(choice, options)]);
      return withProgress(host, reporter, work);
    },
  };
}

async function chooseReporter({ actions, openScreen, color, print, result }: ReportChoice, options: ReportOptions) {
  const { events = false, verbose = false } = options;
  if (events) return (await import("./json.ts")).jsonReporter(result, verbose);
  const plain = { style: makeStyle({ color, links: false }), print, result };
  if (actions !== undefined) return safeReporter((await import("./actions-reporter.ts")).actionsReporter(actions, plain));
  if (openScreen === undefined || verbose) return safeReporter((await import("./plain.ts")).plainReporter({ ...plain, verbose }));
  const [{ liveReporter }, links, screen] = await Promise.all([import("./live.ts"), import("supports-hyperlinks"), openScreen()]);
  const style = makeStyle({ color, links: links.default.stderr });
  return safeReporter(liveReporter({ screen, style, print, result }));
}
