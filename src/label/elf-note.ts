import { z } from "zod";
import { UnusableFile } from "../errors.ts";
import { openRegular } from "../sys/read-file.ts";
import { parseLabel, type Label } from "./label.ts";

/** The section of a package note (https://systemd.io/ELF_PACKAGE_METADATA). */
const section = ".note.package";
const noteType = 0xcafe1a7e;

/** Larger tables and notes are not read. */
const [mostSections, mostNames, mostNote] = [10_000, 1e6, 1e6];

/** What a package note says about the package. */
export interface NotedPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
}

/** Makes the JSON of a package note. systemd reads all but `kovn`, which is the label. */
export function makeNote({ name, version, architecture }: NotedPackage, label: Label): string {
  const [os, osVersion] = label.distribution?.split(" ") ?? [];
  const system = {
    ...(os === undefined ? {} : { os }),
    ...(osVersion === undefined ? {} : { osVersion }),
    ...(os === undefined || osVersion === undefined || cpes[os] === undefined ? {} : { osCpe: `${cpes[os]}:${osVersion}` }),
  };
  return JSON.stringify({ type: "deb", ...system, name, version, architecture, kovn: label });
}

/** CPE 2.2 of distributions, whose os-release does not have one (https://nvd.nist.gov/products/cpe). */
const cpes: Readonly<Record<string, string>> = {
  debian: "cpe:/o:debian:debian_linux",
  ubuntu: "cpe:/o:canonical:ubuntu_linux",
};

const noteSchema = z.object({ kovn: z.unknown() });

/**
 * Reads the label in the package note of a program or library for 64 bits; undefined where there is
 * none. Throws `UnusableFile` for one that is cut off.
 */
export async function readElfLabel(path: string): Promise<Label | undefined> {
  const { file, size } = await openRegular(path, { follow: false });
  const read = async (offset: number, length: number) => {
    if (offset + length > size) throw new UnusableFile(path, "it is cut off");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  };
  try {
    const note = await findSection(read);
    return note === undefined ? undefined : labelOf(note);
  } finally {
    await file.close();
  }
}

type Read = (offset: number, length: number) => Promise<Buffer>;

/** The content of the section with the note, by the table of sections (elf(5)). */
async function findSection(read: Read): Promise<Buffer | undefined> {
  const head = await read(0, 64);
  const isElf64 = head.toString("latin1", 0, 4) === "\x7fELF" && head[4] === 2 && head[5] === 1;
  if (!isElf64) return undefined;
  const [entry, number, names] = [head.readUInt16LE(58), head.readUInt16LE(60), head.readUInt16LE(62)];
  if (entry < 64 || number > mostSections || names >= number) return undefined;
  const table = await read(Number(head.readBigUInt64LE(40)), entry * number);
  const place = (index: number) => ({
    offset: Number(table.readBigUInt64LE(index * entry + 24)),
    size: Number(table.readBigUInt64LE(index * entry + 32)),
  });
  const strings = place(names);
  if (strings.size > mostNames) return undefined;
  const text = await read(strings.offset, strings.size);
  for (let index = 0; index < number; index++) {
    const start = table.readUInt32LE(index * entry);
    if (text.toString("latin1", start, start + section.length + 1) !== `${section}\0`) continue;
    const found = place(index);
    return found.size > mostNote ? undefined : read(found.offset, found.size);
  }
  return undefined;
}

function labelOf(note: Buffer): Label | undefined {
  if (note.length < 16 || note.readUInt32LE(8) !== noteType || note.toString("latin1", 12, 16) !== "FDO\0") return undefined;
  const text = note.toString("utf8", 16, 16 + note.readUInt32LE(4)).replace(/\0+$/, "");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const found = noteSchema.safeParse(value);
  return found.success ? parseLabel(JSON.stringify(found.data.kovn)) : undefined;
}
