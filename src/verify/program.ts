import { lstat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { openRegular } from "../sys/read-file.ts";
import { readElf, type Elf } from "./elf.ts";
import { kernel, readPeHeader, x64, type PeHeader } from "./pe.ts";
import type { DebugFiles, Unpacked } from "./unpack.ts";

/** A program or library in an archive: of Linux (ELF), or of Windows (PE). */
export type Program = Common &
  ({ readonly format: "elf"; readonly elf: Elf } | { readonly format: "pe"; readonly header: PeHeader });

interface Common {
  /** What people call it: its archive, and the path in it. */
  readonly name: string;
  readonly path: string;
  /** The source that it was built from. */
  readonly source: string;
  /** Debian's name of its architecture, or what its header says. */
  readonly arch: string;
  /** The file with its debug information: another one, or itself. Undefined without any. */
  readonly debug: string | undefined;
}

/** Finds programs and libraries in unpacked archives, with their debug information. */
export async function findPrograms(
  archives: readonly Unpacked[],
  debug: DebugFiles,
  host: Host,
): Promise<{ readonly programs: readonly Program[]; readonly broken: readonly string[] }> {
  const programs: Program[] = [];
  const broken: string[] = [];
  for (const archive of archives)
    for (const file of archive.files.toSorted()) {
      const path = join(archive.dir, file);
      const magic = await magicOf(path);
      const name = `${archive.artifact.package ?? basename(archive.path)}: ${file}`;
      const common = { name, path, source: archive.source };
      if (magic === "\x7fELF") {
        const elf = await readElf(path, host);
        if (elf === undefined) broken.push(`${name} is not a whole ELF file.`);
        else programs.push({ ...common, format: "elf", elf, arch: elf.arch, debug: await debugOf(elf, path, debug) });
      }
      // A script may begin with these two letters.
      if (magic.startsWith("MZ") && /\.(exe|dll|sys)$/i.test(file)) {
        const header = await readPeHeader(path);
        if (header === undefined) broken.push(`${name} is not a whole program for 64-bit Windows.`);
        // The driver is an input of a build.
        else if (header.subsystem !== kernel) {
          const arch = header.machine === x64 ? "amd64" : `machine 0x${header.machine.toString(16)}`;
          programs.push({ ...common, format: "pe", header, arch, debug: debug.files.get(`${basename(file)}.debug`) ?? path });
        }
      }
    }
  return { programs, broken };
}

/** The first four bytes of a regular file; empty for others. */
export async function magicOf(path: string): Promise<string> {
  if (!(await lstat(path)).isFile()) return "";
  const { file } = await openRegular(path, { follow: false });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Debian's dbgsym packages have debug information by build id. */
async function debugOf({ buildId, hasDebug }: Elf, path: string, { dir }: DebugFiles): Promise<string | undefined> {
  if (hasDebug) return path;
  if (buildId === undefined) return undefined;
  const file = join(dir, "usr/lib/debug/.build-id", buildId.slice(0, 2), `${buildId.slice(2)}.debug`);
  return (await exists(file)) ? file : undefined;
}
