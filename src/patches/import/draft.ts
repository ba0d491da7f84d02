import type { FileProblem } from "../../errors.ts";

/** A patch as it was found, before it has our header. */
export interface Found {
  /** Where it was found, for messages: FILE, FILE:LINE, REPO#COMMIT or URL. */
  readonly at: string;
  /** The name of its file, without `.patch` and the number of git-format-patch(1). */
  readonly name?: string | undefined;
  /** Of its header, else of the comment above it in an order file. */
  readonly subject?: string | undefined;
  /** The rest of its message, with trailers such as `Signed-off-by`, but without `fields`. */
  readonly body?: string | undefined;
  readonly author?: { readonly name: string; readonly email: string } | undefined;
  /** ISO 8601, with a zone. */
  readonly date?: string | undefined;
  /** The full id of the commit that it was made from. */
  readonly commit?: string | undefined;
  /** The DEP-3 fields that every patch must have, as its header has them: values are not checked. */
  readonly fields: Readonly<Record<string, string>>;
  /** The address that it comes from, to be named in `Origin`. */
  readonly origin?: string | undefined;
  /** A diff in git's format, for `git apply -p1`. */
  readonly diff: Buffer;
  /**
   * Set if every line of the file ends with a carriage return: the diff with those of its content.
   * Whether they belong to the files that it changes, only the tree shows. `diff` has none.
   */
  readonly withReturns?: Buffer | undefined;
}

/** A patch whose header is read, with its diff as it came. */
export interface Draft extends Omit<Found, "diff" | "withReturns"> {
  /** The diff with what is around it, a character for each byte. */
  readonly text: string;
  /** The file (or address) that problems are reported for. */
  readonly file: string;
  /** The line of the file, from 1, that has a line of `text`, from 0. */
  readonly lineOf: (index: number) => number;
  /** How many parts of each path a series or an order file says to strip, and where it says so. */
  readonly strip?: { readonly level: number; readonly file: string; readonly line: number } | undefined;
}

/** A problem at a line of a file, from 1. */
export function problemAt(file: string, line: number, message: string): FileProblem {
  return { file, line, column: 1, message };
}
