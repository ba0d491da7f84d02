import { isScalar, parseDocument } from "yaml";
import { addItems, applyEdits, dropItems } from "./edit-source.ts";
import type { linesFile } from "./lines.ts";
import type { z } from "zod";

/** Adds a line to the end of a valid `patches/lines.yaml`. All else stays, comments too. */
export function addLine(text: string, name: string): string {
  return applyEdits(text, addItems("lines", [`{ line: ${JSON.stringify(name)} }`], text, parseDocument(text)));
}

/** Removes all lines but these from a valid `patches/lines.yaml`. The default is the last of them if it was another one. */
export function keepLines(text: string, names: readonly string[]): string {
  const document = parseDocument(text);
  const { default: first, lines } = document.toJS() as z.infer<typeof linesFile>;
  const gone = lines.flatMap(({ line }, index) => (names.includes(line) ? [] : index));
  const last = lines.findLast(({ line }) => names.includes(line))?.line;
  const node = document.get("default", true);
  const [start, end] = isScalar(node) && node.range ? node.range : [0, 0];
  const renamed = last === undefined || names.includes(first) ? [] : [{ start, end, text: JSON.stringify(last) }];
  return applyEdits(text, [...dropItems("lines", gone, text, document), ...renamed]);
}
