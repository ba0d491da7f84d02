import type { RunEvent } from "../run/events.ts";
import { formatSize } from "../sys/size.ts";
import type { Actions } from "./actions.ts";
import { failureMarkdown } from "./failure.ts";
import type { Reporter } from "../run/progress.ts";
import { plainReporter, type PlainOptions } from "./plain.ts";
import { duration } from "../sys/text.ts";

/**
 * For GitHub Actions: prints all output, with a group for each step, and writes a summary and
 * outputs. When jobs run in parallel, only the one that opened a group has groups; every line names
 * its job.
 */
export function actionsReporter(actions: Actions, options: Pick<PlainOptions, "print" | "result" | "style">): Reporter {
  let owner: string | undefined;
  const close = () => {
    if (owner !== undefined) actions.group(undefined);
    owner = undefined;
  };
  const showStep = (job: string, text: string) => {
    if (owner !== undefined && owner !== job) return false;
    close();
    owner = job;
    actions.group(text);
    return true;
  };
  const plain = plainReporter({ ...options, verbose: true, showStep });
  return {
    start: (running) => plain.start(running),
    emit: (event) => {
      if ((event.event === "job-end" && event.job === owner) || event.event === "done") close();
      plain.emit(event);
      if (event.event === "job-end" && event.outcome === "failed") actions.summarize(failureMarkdown(event));
      if (event.event === "done") {
        actions.output("folder", event.folder);
        actions.summarize(showDone(event));
      }
    },
    end: () => {
      close();
      plain.end();
    },
  };
}

function showDone({ folder, duration: time, artifacts }: RunEvent & { event: "done" }): string {
  const rows = artifacts.map(({ file, size, sha256 }) => `| \`${file}\` | ${formatSize(size)} | \`${sha256}\` |`);
  return [`### \`${folder}\` after ${duration(time)}`, "", "| file | size | sha256 |", "|---|---|---|", ...rows].join("\n");
}
