import { isUtf8 } from "node:buffer";
import { projectError, unreadableFile } from "../../errors.ts";
import type { Host } from "../../sys/exec.ts";
import { readBytes } from "../../sys/read-file.ts";
import { problemAt, type Draft } from "./draft.ts";

/** A file with a patch, or what was downloaded, and what is known of it from elsewhere. */
export interface Piece extends Pick<Draft, "file" | "strip" | "origin" | "commit"> {
  readonly bytes: Buffer;
  readonly name: string | undefined;
  /** True if it may have several mails, as an mbox has. */
  readonly mayHaveMany: boolean;
  /** What an order file says above it. */
  readonly comment?: Pick<Draft, "subject" | "body"> | undefined;
}

/** What readers of patches need. */
export interface ReadOptions {
  readonly host: Host;
  /** An empty folder. */
  readonly scratch: string;
}

/** Reads a file; `file` is its name in messages. Throws "project". */
export async function readPiece(path: string, piece: Omit<Piece, "bytes" | "name" | "commit">): Promise<Piece> {
  const bytes = await readBytes(path, "a patch").catch((cause: unknown) => {
    throw unreadableFile(piece.file, cause);
  });
  const [base = ""] = path.split("/").slice(-1);
  const stem = base.replace(/\.(?:patch|diff|eml|mail)$/i, "");
  const commit = /^[0-9a-f]{40}$/.test(stem) ? stem : undefined;
  return { ...piece, bytes, name: stem.replace(/^\d{4}-(?=.)/, ""), commit };
}

/** Programs that unpack, by how a packed file begins. */
const packed: Readonly<Record<string, string>> = {
  "1f8b": "gunzip",
  "425a68": "bunzip2",
  fd377a58: "unxz",
  "28b52ffd": "unzstd",
  "504b0304": "unzip",
};

/** The text of a piece, a character for each byte. Throws "project" for what is not text that can be a patch. */
export function textOf({ file, bytes }: Piece): string {
  const refuse = (message: string, line = 1) => projectError([problemAt(file, line, message)]);
  const head = bytes.toString("hex", 0, 4);
  const program = Object.entries(packed).find(([start]) => head.startsWith(start))?.[1];
  if (program !== undefined) throw refuse(`This file is compressed: run \`${program} ${file}\` first.`);
  if (isUtf16(bytes))
    throw refuse(
      `This file is UTF-16 text, as PowerShell writes it: run \`iconv -f UTF-16 -t UTF-8 ${file} > NEW.patch\` first.`,
    );
  const text = bytes.toString("latin1").replace(/^\u00ef\u00bb\u00bf/, "");
  if (text.trim() === "") throw refuse("This file is empty.");
  if (/^\s*<(?:!doctype html|html|\?xml)/i.test(text)) throw refuse("This is a web page, not a patch.");
  const zero = text.indexOf("\0");
  if (zero >= 0) throw refuse("This line has binary data: this is not a patch.", text.slice(0, zero).split("\n").length);
  return text;
}

function isUtf16(bytes: Buffer): boolean {
  const head = bytes.toString("hex", 0, 2);
  if (head === "fffe" || head === "feff") return true;
  const start = bytes.subarray(0, 64);
  return start.length >= 4 && start.filter((byte) => byte === 0).length * 2 >= start.length - 1;
}

/** Text for people of characters that stand for bytes: UTF-8, else ISO 8859-1. */
export function decode(text: string): string {
  const bytes = Buffer.from(text, "latin1");
  return isUtf8(bytes) ? bytes.toString() : text;
}

/** A name and an address as `Name <address>`, or an address alone. */
export function parseAuthor(text: string): Draft["author"] {
  const [, name = "", email = ""] = /^\s*"?(.*?)"?\s*<([^<>\s]+)>/.exec(text) ?? [];
  if (email !== "") return { name: name === "" ? email : name, email };
  const only = /^\s*(\S+@\S+)\s*$/.exec(text)?.[1];
  return only === undefined ? undefined : { name: only, email: only };
}
