/** The head of a Windows program for x86-64, and what follows it from byte 512 on. */
export function makePe({ characteristics = 0x160, timestamp = 0, machine = 0x8664, code = Buffer.alloc(0) } = {}): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write("MZ", 0, "latin1");
  bytes.writeUInt32LE(128, 0x3c);
  bytes.write("PE\0\0", 128, "latin1");
  bytes.writeUInt16LE(machine, 132);
  bytes.writeUInt32LE(timestamp, 136);
  bytes.writeUInt16LE(0x20b, 152);
  bytes.writeUInt16LE(characteristics, 222);
  return Buffer.concat([bytes, code]);
}
