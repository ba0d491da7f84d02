import { stripVTControlCharacters, styleText } from "node:util";
import cliTruncate from "cli-truncate";
import { count, duration } from "./reporter.ts";

/** A running job, as the view shows it. Times are in milliseconds. */
export interface ViewedJob {
  readonly id: string;
  /** What it is doing, such as `step 1 of 2, deb`. */
  readonly doing: string;
  readonly elapsed: number;
  readonly expected: number | undefined;
  readonly warnings: number;
  /** Its last line of output, unchanged. */
  readonly last: string;
}

export interface View {
  readonly running: readonly ViewedJob[];
  readonly waiting: number;
  readonly ended: number;
  /** How many of the ended jobs were not built. After a failure no new jobs start. */
  readonly failed: number;
  readonly elapsed: number;
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
  const width = Math.max(0, ...shown.map((job) => job.id.length));
  const cut = (text: string) => cutText(text, columns);
  const dim = (text: string) => (color ? styleText("dim", text, { validateStream: false }) : text);
  const lines = shown.flatMap((job) => {
    const row = cut(`${job.id.padEnd(width)}  ${describe(job)}`);
    return running.length * 2 <= room ? [row, dim(cut(`${" ".repeat(width)}  ${printable(job.last)}`.trimEnd()))] : [row];
  });
  const more = running.length - shown.length;
  if (more > 0) lines.push(cut(`and ${count(more, "job")} more`));
  return [...lines, cut(sum(view))];
}

/**
 * Cuts a line to the width of the screen, minus one column, which cli-truncate may use for the
 * second half of a wide character.
 */
function cutText(text: string, columns: number): string {
  return cliTruncate(text, columns - 1);
}

/** A program's line of output, made fit for the screen. */
export function cutLine(text: string, columns: number): string {
  return cutText(printable(text), columns);
}

function describe({ doing, elapsed, expected, warnings }: ViewedJob): string {
  const time = expected === undefined ? duration(elapsed) : `${duration(elapsed)} of about ${duration(expected)}`;
  return [doing, time, ...(warnings === 0 ? [] : [count(warnings, "warning")])].join(", ");
}

function sum({ running, waiting, ended, failed, elapsed }: View): string {
  const all = running.length + waiting + ended;
  const rest = failed === 0 ? `${waiting} waiting` : `${failed} failed, no new jobs start`;
  return `${ended - failed} of ${count(all, "job")} built, ${running.length} running, ${rest}, ${duration(elapsed)}`;
}

/**
 * Removes colors and other control characters. Of a line that overwrites itself, the last state
 * remains.
 */
function printable(line: string): string {
  const plain = stripVTControlCharacters(line).trimEnd();
  return plain.slice(plain.lastIndexOf("\r") + 1).replaceAll(/\p{Cc}/gu, " ");
}
