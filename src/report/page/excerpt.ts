import { createInterface } from "node:readline";
import { openRegular } from "../../sys/read-file.ts";
import { printable } from "../../sys/printable.ts";

/** A line of a log. */
export interface LogLine {
  /** Its number, from 1. */
  readonly number: number;
  readonly text: string;
}

/** How many lines before and after an error are shown. */
const around = 4;
/** Characters. Longer lines are cut. */
const longest = 2000;

/** Reads the lines of a log around errors; undefined when the log is gone. `mask` removes secrets. */
export async function readExcerpt(
  path: string,
  errors: readonly number[],
  mask: (text: string) => string,
): Promise<readonly LogLine[] | undefined> {
  const lines: LogLine[] = [];
  const last = Math.max(0, ...errors) + around;
  let number = 0;
  try {
    const { file } = await openRegular(path);
    for await (const line of createInterface({ input: file.createReadStream(), crlfDelay: Infinity })) {
      number += 1;
      if (number > last) break;
      const isShown = errors.some((error) => Math.abs(error - number) <= around);
      if (isShown) lines.push({ number, text: printable(mask(line)).slice(0, longest) });
    }
  } catch {
    return undefined;
  }
  return lines;
}
