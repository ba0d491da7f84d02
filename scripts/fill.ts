/**
 * Returns the text of a page with one of its generated parts renewed: what is between the markers
 * of `name` is replaced. `command` writes it.
 */
export function fill(page: string, text: string, name: string, command: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: written by \`${command}\` -->\n`, `<!-- end of ${name} -->\n`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has no place for \`${name}\`:\n${begin}${end}`);
  return `${text.slice(0, from)}${begin}\n${content}\n${text.slice(to)}`;
}
