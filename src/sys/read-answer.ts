import { BuildError } from "../errors.ts";
import { formatSize } from "./size.ts";

export interface AnswerLimits {
  /** Bytes, after a compression is undone. */
  readonly most: number;
  /** Called with the size of each piece. */
  readonly onPiece?: ((bytes: number) => void) | undefined;
}

/** Reads the body of an answer into memory. Throws "network" when it has more than `most` bytes. */
export async function readAnswer(
  body: AsyncIterable<Uint8Array> | null,
  url: string,
  { most, onPiece }: AnswerLimits,
): Promise<Buffer<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body ?? []) {
    size += piece.length;
    if (size > most) throw new BuildError("network", `The answer of ${new URL(url).host} has more than ${formatSize(most)}.`);
    pieces.push(piece);
    onPiece?.(piece.length);
  }
  return Buffer.concat(pieces);
}
