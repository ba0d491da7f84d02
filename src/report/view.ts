import { styleText } from "node:util";
import cliTruncate from "cli-truncate";
import { printable } from "../sys/printable.ts";
import { count, duration } from "../sys/text.ts";
import { describeRow, type Row } from "./rows.ts";

/** What the view shows. Times are milliseconds. */
export interface View {
  readonly running: readonly Row[];
  /** The jobs of a build; undefined for other commands. */
  readonly jobs: JobCounts | undefined;
  readonly elapsed: number;
}

/** Numbers of jobs. */
export interface JobCounts {
  readonly running: number;
  readonly waiting: number;
  readonly ended: number;
  /** How many of the ended jobs were not built. After a failure no new jobs start. */
  readonly failed: number;
}

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly color: boolean;
}

/**
 * The lines of the live view: each running job, with its last output where there is room, and a
 * summary. They fit on the screen, in width and number.
 */
export function drawView(view: View, { columns, rows, color }: Screen): readonly string[] {
  const room = Math.max(1, rows - 2);
  const { running } = view;
  const shown = running.length <= room ? running : running.slice(0, room - 1);
  const width = Math.max(0, ...shown.map((row) => row.name.length));
  const cut = (text: string) => cutText(text, columns);
  const dim = (text: string) => (color ? styleText("dim", text, { validateStream: false }) : text);
  const lines = shown.flatMap((row) => {
    const line = cut(`${row.name.padEnd(width)}  ${describeRow(row)}`);
    return running.length * 2 <= room ? [line, dim(cut(`${" ".repeat(width)}  ${printable(row.last)}`.trimEnd()))] : [line];
  });
  const more = running.length - shown.length;
  if (more > 0) lines.push(cut(`and ${count(more, "task")} more`));
  return view.jobs === undefined ? lines : [...lines, cut(sum(view.jobs, view.elapsed))];
}

/**
 * Cuts a line to the width of the screen, minus one column, which cli-truncate may use for the
 * second half of a wide character.
 */
function cutText(text: string, columns: number): string {
  return cliTruncate(text, columns - 1);
}

function sum({ running, waiting, ended, failed }: JobCounts, elapsed: number): string {
  const all = running + waiting + ended;
  const rest = failed === 0 ? `${waiting} waiting` : `${failed} failed, no new jobs start`;
  return `${ended - failed} of ${count(all, "job")} built, ${running} running, ${rest}, ${duration(elapsed)}`;
}
