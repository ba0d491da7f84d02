import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { findUnknownWords } from "../../../src/verify/arm64.ts";
import type { Program } from "../../../src/verify/program.ts";
import { readFunctions } from "../../../src/verify/functions.ts";
import { readUnits } from "../../../src/verify/units.ts";
import { findAboveLevel } from "../../../src/verify/x86.ts";
import { windowsCode } from "../../../src/verify/windows-code.ts";
import { makeBin } from "../../helpers/bin.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { writeFiles } from "../../helpers/project.ts";

const elf = { format: "elf", debug: "x", path: "x" } as Program;
const pe = { format: "pe", debug: "x", path: "x" } as Program;

const unit = (producer: string, name: string) =>
  ` <0><c>: Abbrev Number: 42 (DW_TAG_compile_unit)\n    <d>   DW_AT_producer    : ${producer}\n    <12>   DW_AT_name        : ${name}\n <1><2a>: ...\n`;

test("compile units are read as each version of readelf and objdump shows them", async () => {
  const shown = [
    unit("(strp) (offset: 0x6d3): GNU C17 12.2.0 -O2", "(line_strp) (offset: 0x2): lib/acl.c"),
    unit("(indirect string, offset: 0x6d3): GNU C17 12.2.0 -O2", "(indirect line string, offset: 0x2): lib/acl.c"),
    unit("GNU C17 12.2.0 -O2", "lib/acl.c"),
  ];
  for (const text of shown) {
    await using bin = await makeBin({ readelf: `cat "$dir/text"`, "x86_64-w64-mingw32-objdump": `cat "$dir/text"`, cat: "" });
    await writeFile(join(bin.dir, "text"), text);
    for (const program of [elf, pe])
      expect(await readUnits(program, { ...host, env: { PATH: bin.path } })).toEqual([
        { name: "lib/acl.c", producer: "GNU C17 12.2.0 -O2" },
      ]);
  }
});

test.for(["(GNU_strp_alt) (offset: 0x1b) of another version", "(alt indirect string, offset: 0x1b) "])(
  "texts that debug files share are read from the package's own file: %s",
  async (shown, { folder }) => {
    await writeFiles(folder, { "usr/lib/debug/.dwz/demo.debug": "" });
    await using bin = await makeBin({
      readelf: `case "$*" in
        *=links*) printf 'Contents of the .gnu_debugaltlink section:\\n\\n  Separate debug info file: /usr/lib/debug/.dwz/demo.debug\\n';;
        *" ${folder}/usr/lib/debug/.dwz/demo.debug") printf '  [     0]  lib\\n  [    1b]  GNU C17 12.2.0 -O2\\n';;
        *) cat "$dir/text";; esac`,
      cat: "",
    });
    await writeFile(join(bin.dir, "text"), unit(shown, "lib/acl.c"));
    const program = { ...elf, debug: join(folder, "usr/lib/debug/.build-id/1b/2c.debug") } as Program;
    expect(await readUnits(program, { ...host, env: { PATH: bin.path } })).toEqual([
      { name: "lib/acl.c", producer: "GNU C17 12.2.0 -O2" },
    ]);
  },
);

test("an address belongs to the last function that starts before it", async () => {
  await using bin = await makeBin({
    nm: "printf '%s\\n' '0000000000001000 T first' '0000000000001010 t $x.0' '0000000000001020 t .text' '0000000000001030 W second' '0000000000001040 b data'",
  });
  const functionAt = await readFunctions(elf, { ...host, env: { PATH: bin.path } });
  expect([0xfff, 0x1000, 0x102f, 0x1030, 0x9999].map(functionAt)).toEqual([undefined, "first", "first", "second", "second"]);
});

test("the parts of a program for Windows that have instructions", async () => {
  await using bin = await makeBin({
    "x86_64-w64-mingw32-objdump":
      "echo '  0 .text  001f4410  0000000140001000  0000000140001000  00000400  2**4  CONTENTS, ALLOC, LOAD, READONLY, CODE, DATA'\necho '  1 .data 00039630  00000001401f6000  00000001401f6000  001f4a00  2**4  CONTENTS, ALLOC, LOAD, DATA'",
  });
  expect(await windowsCode("x", { ...host, env: { PATH: bin.path } })).toEqual([
    { name: ".text", address: 0x140001000, offset: 0x400, size: 0x1f4410 },
  ]);
});

/** Instructions, by what they need. */
const instructions = {
  "add %rax,%rbx": [0x48, 0x01, 0xc3],
  endbr64: [0xf3, 0x0f, 0x1e, 0xfa],
  "popcnt %rax,%rax": [0xf3, 0x48, 0x0f, 0xb8, 0xc0],
  // As gcc writes `rep bsf`.
  "tzcnt %rax,%rax": [0xf3, 0x48, 0x0f, 0xbc, 0xc0],
  "lzcnt %rax,%rax": [0xf3, 0x48, 0x0f, 0xbd, 0xc0],
  "vaddps %ymm0,%ymm0,%ymm0": [0xc5, 0xfc, 0x58, 0xc0],
  "vpord %zmm0,%zmm0,%zmm0": [0x62, 0xf1, 0x7d, 0x48, 0xeb, 0xc0],
  "rdrand %rax": [0x48, 0x0f, 0xc7, 0xf0],
} as const;

test("instructions are classed by the level that has them", async () => {
  const bytes = Buffer.from(Object.values(instructions).flat());
  const code = [{ name: ".text", address: 0x1000, offset: 0, size: bytes.length }];
  const above = async (level: number) => {
    const found: string[] = [];
    expect(await findAboveLevel(bytes, code, level, (_, feature) => found.push(feature))).toBe(8);
    return found;
  };
  expect(await above(1)).toEqual(["POPCNT", "LZCNT", "AVX", "AVX512F", "RDRAND"]);
  expect(await above(2)).toEqual(["LZCNT", "AVX", "AVX512F", "RDRAND"]);
  expect(await above(3)).toEqual(["AVX512F", "RDRAND"]);
  expect(await above(4)).toEqual(["RDRAND"]);
});

test("bytes that are not an instruction count as above every level, with their address", async () => {
  const found: unknown[] = [];
  const code = [{ name: ".text", address: 0x1000, offset: 1, size: 2 }];
  await findAboveLevel(Buffer.from([0x90, 0x90, 0x06]), code, 4, (...one) => found.push(one));
  expect(found).toEqual([[0x1001, "no known instruction"]]);
});

test("on arm64, what llvm-objdump does not know with the ceiling's features is above it", async () => {
  await using bin = await makeBin({
    "llvm-objdump":
      'echo "$@" > "$dir/args"\nprintf \'%s\\n\' "x: file format elf64-littleaarch64" "0000000000001000 <f>:" "    1000:      \tadd w0, w1, w2" "    1004:      \t<unknown>"',
  });
  const found: number[] = [];
  const number = await findUnknownWords("x", "+v8a,+crc", { ...host, env: { PATH: bin.path } }, (address) => found.push(address));
  expect([number, found]).toEqual([2, [0x1004]]);
  await expect(findUnknownWords("x", "+v8a", { ...host, env: { PATH: "/nowhere" } }, () => undefined)).rejects.toMatchObject({
    message: "Program `llvm-objdump` is not installed.",
    hint: "apt-get install llvm",
  });
});
