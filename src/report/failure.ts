import type { RunEvent } from "../run/events.ts";
import { quoteLog } from "../run/quote-log.ts";
import { codeBlock } from "../sys/markdown.ts";
import { duration } from "../sys/text.ts";
import type { Style } from "./style.ts";

type JobEnd = RunEvent & { event: "job-end" };

/** Shows the errors and the last lines in the log of a failed job; nothing of other jobs. */
export function showFailure(event: JobEnd, style: Style): readonly string[] {
  const { job } = event;
  const { errors, last } = quoteLog(event);
  const quote = (lines: readonly string[]) => lines.map((line) => `${style.dim(`${job}|`)} ${line}`);
  if (errors.length === 0) return quote(last);
  return [
    `${job}: errors in the log:`,
    ...quote(errors.map((line) => style.failed(line))),
    `${job}: end of the log:`,
    ...quote(last),
  ];
}

/** The same as Markdown. */
export function failureMarkdown(event: JobEnd): string {
  const { errors, last } = quoteLog(event);
  const block = (lines: readonly string[]) => codeBlock(lines.join("\n"), "text");
  return [
    `### Job \`${event.job}\` failed after ${duration(event.duration)}`,
    ...(errors.length === 0 ? [] : ["Errors in the log:", block(errors), "End of the log:"]),
    block(last),
  ].join("\n\n");
}
