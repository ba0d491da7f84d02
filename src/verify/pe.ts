import { openRegular } from "../sys/read-file.ts";

/**
 * The header of a Windows program or driver
 * (https://learn.microsoft.com/windows/win32/debug/pe-format).
 */
export interface PeHeader {
  /** Processor; 0x8664 is x86-64. */
  readonly machine: number;
  /** Seconds since 1970; 0 if the linker wrote no time. */
  readonly timestamp: number;
  /** What the file runs on; 1 is the kernel, for drivers. */
  readonly subsystem: number;
  /** The bits of DllCharacteristics. */
  readonly characteristics: number;
}

/** `machine` of x86-64. */
export const x64 = 0x8664;

/** Bits of DllCharacteristics that harden a program, by name. */
const hardening: Readonly<Record<string, number>> = {
  "high-entropy ASLR": 0x0020,
  ASLR: 0x0040,
  DEP: 0x0100,
};

/** `subsystem` of a driver. */
export const kernel = 1;

/** The hardening that a program lacks, by name. */
export function missingHardening({ characteristics }: PeHeader): readonly string[] {
  return Object.entries(hardening).flatMap(([name, bit]) => ((characteristics & bit) === 0 ? [name] : []));
}

/** Reads the header of a 64-bit PE file; undefined for any other file, or one that is cut off. */
export async function readPeHeader(path: string): Promise<PeHeader | undefined> {
  const { file, size } = await openRegular(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return parse(buffer.subarray(0, bytesRead), size);
  } finally {
    await file.close();
  }
}

function parse(head: Buffer, size: number): PeHeader | undefined {
  if (head.length < 64 || head.toString("latin1", 0, 2) !== "MZ") return undefined;
  const start = head.readUInt32LE(0x3c);
  const optional = start + 24;
  if (head.length < optional + 72 || head.toString("latin1", start, start + 4) !== "PE\0\0") return undefined;
  // The format with 64-bit addresses, PE32+.
  if (head.readUInt16LE(optional) !== 0x20b) return undefined;
  if (endOfSections(head, start) > size) return undefined;
  return {
    machine: head.readUInt16LE(start + 4),
    timestamp: head.readUInt32LE(start + 8),
    subsystem: head.readUInt16LE(optional + 68),
    characteristics: head.readUInt16LE(optional + 70),
  };
}

/** Returns where the last section ends, as far as the table of sections was read. */
function endOfSections(head: Buffer, start: number): number {
  const table = start + 24 + head.readUInt16LE(start + 20);
  const rows = Array.from({ length: head.readUInt16LE(start + 6) }, (_, index) => table + index * 40);
  const ends = rows.map((row) => (head.length < row + 24 ? row + 24 : head.readUInt32LE(row + 16) + head.readUInt32LE(row + 20)));
  return Math.max(0, ...ends);
}
