import { readBytes } from "../sys/read-file.ts";

/**
 * The packets in a capture file of a dummy interface, in hex. A packet that is still being written
 * is left out, and so is everything when there is no such file yet.
 */
export async function packetsIn(path: string): Promise<readonly string[]> {
  const bytes = await readBytes(path, "an input").catch(() => Buffer.alloc(0));
  const packets: string[] = [];
  const header = 16;
  for (let at = 24; at + header <= bytes.length;) {
    const end = at + header + bytes.readUInt32LE(at + 8);
    if (end > bytes.length) break;
    packets.push(bytes.toString("hex", at + header, end));
    at = end;
  }
  return packets;
}
