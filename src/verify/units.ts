import { exec, type Host } from "../sys/exec.ts";
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
  const { stdout } =
    format === "elf"
      ? await exec("readelf", ["--debug-dump=info", ...dumped, debug], { host, env: { LC_ALL: "C" } })
      : await runMingw("objdump", ["--dwarf=info", ...dumped, debug], host);
  const [, ...units] = stdout.split(/\(DW_TAG_(?:compile|skeleton)_unit\)/);
  return units.map((text) => ({ name: valueOf("name", text), producer: valueOf("producer", text) }));
}

/** A text attribute, as in `<d> DW_AT_name : (line_strp) (offset: 0x2): lib/acl.c`. */
function valueOf(attribute: string, text: string): string {
  const [, value = ""] = new RegExp(`DW_AT_${attribute} *: (.*)`).exec(text) ?? [];
  return value.replace(/^(\([^()]*\) ?)+:? */, "").trim();
}
