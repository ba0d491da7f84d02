import type { Draft } from "./draft.ts";
import { textOf, type Piece, type ReadOptions } from "./piece.ts";
import { isMail, readMails } from "./read-mails.ts";
import { readPlain } from "./read-plain.ts";

/** Reads the patches of a piece: of an mbox several, else one. Throws "project". */
export async function readDrafts(piece: Piece, options: ReadOptions): Promise<readonly Draft[]> {
  options.host.task.say(piece.file);
  const text = textOf(piece);
  return isMail(text) ? readMails(piece, text, options) : [await readPlain(piece, text, options.host)];
}
