import cliTruncate from "cli-truncate";

/** Cuts a line to the width of a terminal. */
export function cut(line: string, columns: number): string {
  // One column less: cli-truncate may use it for the second half of a wide character.
  return cliTruncate(line, columns - 1);
}
