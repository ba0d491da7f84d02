import { printable } from "../sys/printable.ts";
import type { LogError } from "./first-errors.ts";

/** How many of the last lines are quoted below errors. */
const shortTail = 10;

/** What people are shown of a log, line by line. */
export interface LogQuote {
  /**
   * Each error with the number of its line; what belongs to it is aligned with it. Empty when the
   * last lines have them all.
   */
  readonly errors: readonly string[];
  /** The last lines: fewer if there are errors. */
  readonly last: readonly string[];
}

/** Quotes the errors and the last lines of a log, without control characters. */
export function quoteLog({ errors, tail }: { readonly errors: readonly LogError[]; readonly tail: readonly string[] }): LogQuote {
  const last = (errors.length === 0 ? tail : tail.slice(-shortTail)).map(printable);
  const shown = new Set(last.map((line) => line.trimEnd()));
  if (errors.every(({ text }) => text.split("\n").every((line) => shown.has(line)))) return { errors: [], last };
  const numbered = errors.flatMap(({ line, text }) => {
    const number = `line ${line}: `;
    return text.split("\n").map((one, index) => `${index === 0 ? number : " ".repeat(number.length)}${one}`);
  });
  return { errors: numbered, last };
}
