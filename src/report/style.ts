import { hostname } from "node:os";
import { pathToFileURL } from "node:url";
import { styleText } from "node:util";

/** How texts are marked on an output that takes it; elsewhere they stay as they are. */
export interface Style {
  readonly failed: (text: string) => string;
  /** For warnings and notices. */
  readonly warning: (text: string) => string;
  readonly done: (text: string) => string;
  /** For the output of programs. */
  readonly dim: (text: string) => string;
  /** Makes a text a link to a file. */
  readonly link: (text: string, file: string) => string;
}

export interface StyleOptions {
  readonly color: boolean;
  readonly links: boolean;
}

/** Makes the style of an output. */
export function makeStyle({ color, links }: StyleOptions): Style {
  const paint = (format: "red" | "yellow" | "green" | "dim") => (text: string) =>
    color && text !== "" ? styleText(format, text, { validateStream: false }) : text;
  return {
    failed: paint("red"),
    warning: paint("yellow"),
    done: paint("green"),
    dim: paint("dim"),
    link: (text, file) => (links ? linkTo(text, file) : text),
  };
}

/**
 * OSC 8, as terminals read it. The host's name keeps a terminal from opening its own file of that
 * name, when this process runs on another machine.
 */
function linkTo(text: string, file: string): string {
  const { pathname } = pathToFileURL(file);
  return `\u001b]8;;file://${hostname()}${pathname}\u001b\\${text}\u001b]8;;\u001b\\`;
}
