import { exec, type Host } from "../sys/exec.ts";

/** A part of a file that has instructions. */
export interface Section {
  readonly name: string;
  readonly address: number;
  /** Where it is in the file, and how long. */
  readonly offset: number;
  readonly size: number;
}

/** What readelf(1) says of a program or library. */
export interface Elf {
  /** Debian's name of the architecture, or readelf's. */
  readonly arch: string;
  /** `DYN` for a library and for a program that may be loaded anywhere, `EXEC` for other programs. */
  readonly type: string;
  /** Data that the loader fixes up is read-only afterwards, and it fixes up all of it at the start. */
  readonly isRelro: boolean;
  readonly bindsNow: boolean;
  /** Permissions of the stack; undefined when the file does not say, and the stack may be executable. */
  readonly stack: string | undefined;
  /** Folders that the loader searches for libraries. */
  readonly runPaths: readonly string[];
  readonly buildId: string | undefined;
  /** Functions that it takes from libraries, without their versions. */
  readonly imports: ReadonlySet<string>;
  readonly hasDebug: boolean;
  readonly code: readonly Section[];
}

const architectures: ReadonlyMap<string, string> = new Map([
  ["Advanced Micro Devices X86-64", "amd64"],
  ["AArch64", "arm64"],
]);

const shown = ["--file-header", "--section-headers", "--program-headers", "--dynamic", "--notes", "--dyn-syms"];

/** Reads a program or library (readelf(1), which reads those of every architecture); undefined for a broken one. */
export async function readElf(path: string, host: Host): Promise<Elf | undefined> {
  const { stdout } = await exec("readelf", ["--wide", ...shown, path], { host, env: { LC_ALL: "C" } });
  const sections = sectionsOf(stdout);
  const machine = /^ +Machine: +(.+)$/m.exec(stdout)?.[1];
  const type = /^ +Type: +(\w+)/m.exec(stdout)?.[1];
  if (machine === undefined || type === undefined || sections.length === 0) return undefined;
  const dynamic = (tag: string) =>
    [...stdout.matchAll(new RegExp(`^ 0x\\w+ \\(${tag}\\) +(.*)$`, "gm"))].map(([, value = ""]) => value);
  return {
    arch: architectures.get(machine) ?? machine,
    type,
    isRelro: /^ +GNU_RELRO /m.test(stdout),
    bindsNow:
      dynamic("BIND_NOW").length > 0 || dynamic("FLAGS").join().includes("BIND_NOW") || /\bNOW\b/.test(dynamic("FLAGS_1").join()),
    stack: /^ +GNU_STACK(?: +0x[0-9a-f]+){5} ([RWE ]+?) +0x/m.exec(stdout)?.[1]?.trim(),
    runPaths: [...dynamic("RPATH"), ...dynamic("RUNPATH")].map((value) => /\[(.*)\]/.exec(value)?.[1] ?? value),
    buildId: /\bBuild ID: ([0-9a-f]+)/.exec(stdout)?.[1],
    imports: new Set([...stdout.matchAll(/ UND ([^\s@]+)/g)].map(([, name = ""]) => name)),
    hasDebug: sections.some(({ name }) => name === ".debug_info"),
    code: sections.filter(({ flags, type: kind }) => kind === "PROGBITS" && flags.includes("X")),
  };
}

interface RawSection extends Section {
  readonly type: string;
  readonly flags: string;
}

/** Rows like `  [14] .text PROGBITS 0000000000004000 004000 0a1f3c 00  AX  0   0 16`. */
function sectionsOf(text: string): readonly RawSection[] {
  const rows = text.matchAll(/^ +\[ *\d+\] (\S+) +([A-Z]\S*) +([0-9a-f]{8,}) ([0-9a-f]+) ([0-9a-f]+) [0-9a-f]+ +([A-Za-z]*) /gm);
  return [...rows].map(([, name = "", type = "", address = "", offset = "", size = "", flags = ""]) => ({
    name,
    type,
    address: Number.parseInt(address, 16),
    offset: Number.parseInt(offset, 16),
    size: Number.parseInt(size, 16),
    flags,
  }));
}
