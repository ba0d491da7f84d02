import { stripVTControlCharacters } from "node:util";

/**
 * A program's line of output without colors and other control characters. Of a line that overwrites
 * itself, the last state remains.
 */
export function printable(line: string): string {
  const plain = stripVTControlCharacters(line).trimEnd();
  return plain.slice(plain.lastIndexOf("\r") + 1).replaceAll(/\p{Cc}/gu, " ");
}
