import { printable } from "../sys/printable.ts";
import { count, duration } from "../sys/text.ts";
import { cut } from "./cut.ts";
import type { Summary } from "./job-states.ts";
import { describeRow, type Row } from "./rows.ts";
import type { Size } from "./screen.ts";
import type { Style } from "./style.ts";

/** What the view shows. Times are milliseconds. */
export interface View {
  readonly running: readonly Row[];
  /** How far a build is; undefined for other commands. */
  readonly summary: Summary | undefined;
  readonly elapsed: number;
}

/**
 * The lines of the live view: each running task, with a job's last output where there is room, and
 * a summary. They fit on the screen, in width and number.
 */
export function drawView(view: View, { columns, rows }: Size, style: Style): readonly string[] {
  const room = Math.max(1, rows - 2);
  const { running, summary, elapsed } = view;
  const shown = running.length <= room ? running : running.slice(0, room - 1);
  const width = Math.max(0, ...shown.map((row) => row.name.length));
  const fit = (text: string) => cut(text, columns);
  const lines = shown.flatMap((row) => {
    const line = linkName(fit(`${row.name.padEnd(width)}  ${describeRow(row, style)}`), row, style);
    if (row.log === undefined || running.length * 2 > room) return [line];
    return [line, style.dim(fit(`${" ".repeat(width)}  ${printable(row.last)}`.trimEnd()))];
  });
  const more = running.length - shown.length;
  if (more > 0) lines.push(fit(`and ${count(more, "task")} more`));
  if (summary !== undefined) lines.push(fit(describeSummary(summary, elapsed, style)));
  return lines.slice(Math.max(0, lines.length - (rows - 1)));
}

/** Makes the name at the start of a line a link to the log, unless it is cut. */
function linkName(line: string, { name, log }: Row, style: Style): string {
  return log === undefined || !line.startsWith(name) ? line : `${style.link(name, log)}${line.slice(name.length)}`;
}

function describeSummary(summary: Summary, elapsed: number, style: Style): string {
  const { running, waiting, built, failed, isStopping, left } = summary;
  return [
    `${built} of ${count(running + waiting + built + failed, "job")} built`,
    ...(failed === 0 ? [] : [style.failed(`${failed} failed`)]),
    ...(left === undefined ? [] : [describeLeft(left)]),
    `${running} running`,
    isStopping ? "no new jobs start" : `${waiting} waiting`,
    duration(elapsed),
  ].join(", ");
}

/** Minutes, rounded up: the expected times are not exact. */
function describeLeft(left: number): string {
  if (left === 0) return "done any moment now";
  if (left < 60_000) return "less than a minute left";
  const minutes = Math.ceil(left / 60_000);
  return `about ${minutes < 60 ? `${minutes} min` : duration(minutes * 60_000)} left`;
}
