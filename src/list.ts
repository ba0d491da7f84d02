/** The most elements of a list that a message shows. */
const mostShown = 20;

/**
 * A list for a message, which input may make long: of a long one the first elements, and how many
 * more there are.
 */
export function listOf(list: Iterable<string>, separator = ", "): string {
  const all = [...list];
  if (all.length <= mostShown) return all.join(separator);
  const more = `${(all.length - mostShown).toLocaleString("en")} more`;
  return `${all.slice(0, mostShown).join(separator)}${separator.includes("\n") ? `${separator}... and ` : " and "}${more}`;
}
