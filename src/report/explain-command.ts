import { BuildError } from "../errors.ts";

/**
 * Returns the command that prints the page of an error; undefined for wrong arguments with a hint,
 * which says all: what to type instead.
 */
export function explainCommand(error: unknown): string | undefined {
  if (!(error instanceof BuildError)) return "kovn-build explain bug";
  return error.code === "usage" && error.hint !== undefined ? undefined : `kovn-build explain ${error.code}`;
}
