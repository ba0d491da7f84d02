import { StringDecoder } from "node:string_decoder";

/** What a program reports about its progress while it runs, apart from its output. */
export interface Status {
  /** File descriptor that the program writes it to. Of stderr (2), only the last lines are collected then. */
  readonly fd: 2 | 3;
  /** Receives each line; a line also ends where the program goes back to overwrite it. */
  readonly onLine: (line: string) => void;
}

/** Lines that are collected of stderr: far more than an error message has. */
const mostLines = 200;

/** Reads lines as they arrive, and returns the last of those that were not overwritten. */
export async function readStatus(stream: AsyncIterable<Buffer>, { onLine }: Status): Promise<string> {
  const decoder = new StringDecoder("utf8");
  const lines: string[] = [];
  let rest = "";
  for await (const chunk of stream) {
    const pieces = (rest + decoder.write(chunk)).split(/(?<=[\r\n])/);
    rest = /[\r\n]$/.test(pieces.at(-1) ?? "") ? "" : (pieces.pop() ?? "");
    for (const piece of pieces) {
      onLine(piece.trimEnd());
      if (piece.endsWith("\n")) lines.push(piece);
    }
    lines.splice(0, lines.length - mostLines);
  }
  return lines.join("") + rest;
}
