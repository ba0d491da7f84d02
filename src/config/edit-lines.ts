import { parseDocument } from "yaml";
import { addItems, applyEdits } from "./edit-source.ts";

/** Adds a line to the end of a valid `patches/lines.yaml`. All else stays, comments too. */
export function addLine(text: string, name: string): string {
  return applyEdits(text, addItems("lines", [`{ line: ${JSON.stringify(name)} }`], text, parseDocument(text)));
}
