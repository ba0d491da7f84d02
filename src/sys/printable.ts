import { showControls } from "./show-controls.ts";

/** What programs use to make output pretty (ECMA-48): colors, erasing to the end of a line, links. */
const decorations =
  // oxlint-disable-next-line no-control-regex
  /(?:\u001B\[|\u009B)[\d;:]*[mK]|\u001B\(B|\u001B\]8;[^\u0007\u001B]*(?:\u0007|\u001B\\)/g;

/**
 * A program's line of output without colors; other control characters are shown. Of a line that
 * overwrites itself, the last state remains.
 */
export function printable(line: string): string {
  const plain = line.replaceAll(decorations, "").trimEnd();
  return showControls(plain.slice(plain.lastIndexOf("\r") + 1)).replaceAll(/[\t\n]/g, " ");
}
