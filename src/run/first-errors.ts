import { printable } from "../sys/printable.ts";
import { isLikely, rankOf } from "./error-lines.ts";

/** An error in a log. */
export interface LogError {
  /** The number of its line in the log, from 1. */
  readonly line: number;
  /** The line, and the lines below it that belong to it, such as the source and the caret. */
  readonly text: string;
}

/** Finds the errors in lines of a log that arrive one after the other. */
export interface FirstErrors {
  add(line: string): void;
  /** Drops the errors found so far: what printed them succeeded. */
  forget(): void;
  /** The errors found so far, the likely causes of the failure; empty when no line looks like one. */
  found(): readonly LogError[];
}

/** The most errors that are kept. A compiler's first error explains the others. */
const most = 5;
/** The most lines of one error. */
const mostLines = 5;
/** Characters of a line that are looked at and kept. */
const longest = 1000;

interface Found {
  readonly line: number;
  readonly lines: string[];
}

/**
 * Makes a finder of errors, for a log of any length: it keeps a few lines and looks at each line
 * once. With `make -j` the cause is far above the end of a log, which only says what failed after.
 */
export function firstErrors(): FirstErrors {
  const causes: Found[] = [];
  const others: Found[] = [];
  const after: Found[] = [];
  let count = 0;
  /** Gathers the lines below the last error; undefined when they are complete. */
  let gather: ((line: string) => boolean) | undefined;

  const keep = (text: string, rank: "cause" | "may" | "after"): Found | undefined => {
    const list = { cause: causes, may: others, after }[rank];
    const isFull = list.length >= (rank === "after" ? 1 : most);
    // What may be an error is mostly tolerated, so the last of these lines is the likely cause.
    if ((isFull && rank !== "may") || list.some(({ lines }) => lines[0] === text)) return undefined;
    const found = { line: count, lines: [text] };
    list.push(found);
    if (isFull) list.shift();
    return found;
  };

  return {
    add(line) {
      count += 1;
      const start = line.slice(0, longest).trimEnd();
      const isChecked = isLikely(start);
      if (!isChecked && gather === undefined) return;
      const text = printable(start);
      const match = isChecked ? rankOf(text) : undefined;
      if (match === undefined) {
        if (gather?.(text) === false) gather = undefined;
        return;
      }
      const found = keep(text, match.rank);
      gather = found === undefined ? undefined : below(found.lines, match.below ?? 0);
    },
    forget() {
      for (const list of [causes, others, after]) list.length = 0;
      gather = undefined;
    },
    found() {
      const best = [causes, others, after].find((list) => list.length > 0) ?? [];
      return best.map(({ line, lines }) => ({ line, text: lines.join("\n") }));
    },
  };
}

/**
 * Takes the lines that follow an error, and adds to `lines` those that belong to it: the next `more`
 * ones, gcc's source and caret after a bar, lld's after `>>>`, and clang's source when a caret is
 * below it. Returns false after the last.
 */
function below(lines: string[], more: number): (line: string) => boolean {
  let held: string | undefined;
  return (line) => {
    if (lines.length <= more || /^\s*\d* \| |^>>> /.test(line)) lines.push(line);
    else if (held !== undefined && /^\s*[~^][~^ ]*$/.test(line)) return (lines.push(held, line), false);
    else if (held === undefined && lines.length === 1) held = line;
    else return false;
    return lines.length < mostLines;
  };
}
