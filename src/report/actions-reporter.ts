import type { RunEvent } from "../run/events.ts";
import { codeBlock } from "../sys/markdown.ts";
import { formatSize } from "../sys/size.ts";
import type { Actions } from "./actions.ts";
import { describeEvent, showResult } from "./plain.ts";
import { duration, type Reporter } from "./reporter.ts";

/**
 * For GitHub Actions: prints all output, with a group for each step, and writes a summary and
 * outputs. When jobs run in parallel, only the one that opened a group has groups; every line names
 * its job. `print` gets progress (stderr), `result` the result of the command (stdout).
 */
export function actionsReporter(actions: Actions, print: (text: string) => void, result: (text: string) => void): Reporter {
  let owner: string | undefined;
  const close = () => {
    if (owner !== undefined) actions.group(undefined);
    owner = undefined;
  };
  return {
    emit: (event) => {
      const text = describeEvent(event, true);
      if (event.event === "step-start" && (owner === undefined || owner === event.job)) {
        close();
        owner = event.job;
        actions.group(text);
        return;
      }
      if ((event.event === "job-end" && event.job === owner) || event.event === "done") close();
      if (text !== undefined) print(`${text}\n`);
      if (event.event === "job-end" && event.outcome === "failed") actions.summarize(showFailure(event));
      if (event.event === "done") {
        result(showResult(event));
        actions.output("folder", event.folder);
        actions.summarize(showDone(event));
      }
    },
    close: async () => close(),
  };
}

function showFailure({ job, duration: time, tail }: RunEvent & { event: "job-end" }): string {
  return `### Job \`${job}\` failed after ${duration(time)}\n\n${codeBlock(tail.join("\n"), "text")}`;
}

function showDone({ folder, duration: time, artifacts }: RunEvent & { event: "done" }): string {
  const rows = artifacts.map(({ file, size, sha256 }) => `| \`${file}\` | ${formatSize(size)} | \`${sha256}\` |`);
  return [`### \`${folder}\` after ${duration(time)}`, "", "| file | size | sha256 |", "|---|---|---|", ...rows].join("\n");
}
