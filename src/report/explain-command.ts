/**
 * Returns the command that prints the page of a failure with this code; undefined for wrong arguments
 * with a hint, which says all: what to type instead.
 */
export function explainCommand({
  code,
  hint,
}: {
  readonly code: string;
  readonly hint?: string | undefined;
}): string | undefined {
  return code === "usage" && hint !== undefined ? undefined : `kovn-build explain ${code}`;
}
