import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { stripVTControlCharacters } from "node:util";

/** A line of a log, with its number from 1. */
export interface LogLine {
  readonly number: number;
  readonly text: string;
}

/** How many lines around an error are shown. */
const around = 4;
/** How many errors are shown: the first are the cause, the others often follow from them. */
export const mostErrors = 5;
/** Characters. Longer lines are cut. */
const longest = 2000;

/** Reads the lines of a log around its first errors; undefined when the log is gone. */
export async function readExcerpt(path: string, errors: readonly number[]): Promise<readonly LogLine[] | undefined> {
  const shown = errors.slice(0, mostErrors);
  const lines: LogLine[] = [];
  const last = Math.max(0, ...shown) + around;
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      number += 1;
      if (number > last) break;
      if (shown.some((error) => Math.abs(error - number) <= around)) lines.push({ number, text: printable(line) });
    }
  } catch {
    return undefined;
  }
  return lines;
}

/** Removes colors. Of a line that overwrites itself, the last state remains. */
export function printable(line: string): string {
  const plain = stripVTControlCharacters(line).trimEnd();
  return plain.slice(plain.lastIndexOf("\r") + 1).slice(0, longest);
}
