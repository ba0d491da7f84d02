import { join } from "node:path";
import { exec, type Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import type { Program } from "./program.ts";
import { runMingw } from "./windows-code.ts";

/** A file that was compiled, and with what. */
export interface Unit {
  /** Its path, as the compiler was given it. */
  readonly name: string;
  /** DW_AT_producer: the compiler and its flags. */
  readonly producer: string;
}

const dumped = ["--dwarf-depth=1", "--wide"];

/** The compile units of a program, from its debug information (DWARF 5, 3.1.1). */
export async function readUnits({ format, debug }: Program, host: Host): Promise<readonly Unit[]> {
  if (debug === undefined) return [];
  // objdump does not read every compressed section of an ELF file, and readelf no program for Windows.
  const stdout =
    format === "elf"
      ? await readelf(["--debug-dump=info", ...dumped, debug], host)
      : (await runMingw("objdump", ["--dwarf=info", ...dumped, debug], host)).stdout;
  const [, ...units] = stdout.split(/\(DW_TAG_(?:compile|skeleton)_unit\)/);
  const shared = shares.test(stdout) ? await readShared(debug, host) : new Map<string, string>();
  return units.map((text) => ({ name: valueOf("name", text, shared), producer: valueOf("producer", text, shared) }));
}

async function readelf(args: readonly string[], host: Host): Promise<string> {
  return (await exec("readelf", args, { host, env: { LC_ALL: "C" } })).stdout;
}

/** A text that is not in the file itself, as readelf 2.40 and 2.35 write its place. */
const shares = /\((?:GNU_strp_alt|strp_sup|alt indirect string)[^:]*offset: 0x([0-9a-f]+)\)/;

/**
 * Reads the texts that the debug files of a package share, by their places: dwz(1) moves them into a
 * file of their own. readelf would look for it on the machine, where another version may be installed.
 */
async function readShared(debug: string, host: Host): Promise<ReadonlyMap<string, string>> {
  const links = await readelf(["--debug-dump=links", debug], host);
  const [, link] =
    /\.gnu_debugaltlink section:\s+Separate debug info file: (\/usr\/lib\/debug\/(?!\S*\.\.)\S+)/.exec(links) ?? [];
  const [unpacked, own] = debug.split("/usr/lib/debug/.build-id/");
  if (link === undefined || unpacked === undefined || own === undefined) return new Map();
  const path = join(unpacked, link);
  // Without it, nobody knows what the compiler was.
  if (!(await exists(path))) return new Map();
  const texts = await readelf(["--decompress", "--string-dump=.debug_str", "--wide", path], host);
  return new Map([...texts.matchAll(/^ *\[ *([0-9a-f]+)\] +(.*)$/gm)].map(([, place = "", text = ""]) => [place, text]));
}

/** A text attribute, as in `<d> DW_AT_name : (line_strp) (offset: 0x2): lib/acl.c`. */
function valueOf(attribute: string, text: string, shared: ReadonlyMap<string, string>): string {
  const [, value = ""] = new RegExp(`DW_AT_${attribute} *: (.*)`).exec(text) ?? [];
  const place = shares.exec(value)?.[1];
  if (place !== undefined) return shared.get(place) ?? "";
  return value.replace(/^(\([^()]*\) ?)+:? */, "").trim();
}
