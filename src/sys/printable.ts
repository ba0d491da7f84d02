/** Control sequences of terminals (ECMA-48): colors and cursor, titles and links, the others. */
const sequences =
  // oxlint-disable-next-line no-control-regex
  /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|\u001B\][^\u0007\u001B]*(?:\u0007|\u001B\\)|\u001B[ -/]*[0-~]/g;

/**
 * A program's line of output without colors and other control characters. Of a line that overwrites
 * itself, the last state remains.
 */
export function printable(line: string): string {
  const plain = line.replaceAll(sequences, "").trimEnd();
  return plain.slice(plain.lastIndexOf("\r") + 1).replaceAll(/\p{Cc}/gu, " ");
}
