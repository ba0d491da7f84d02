import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { writeZip } from "../../../src/sys/zip.ts";
import type { Verdict } from "../../../src/verify/check.ts";
import { bytesOnly } from "../../../src/trial/registry.ts";
import { verify } from "../../../src/verify/verify.ts";
import { makeBin } from "../../helpers/bin.ts";
import { writeSmallDist } from "../../helpers/dist.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { makePe } from "../../helpers/pe.ts";

const unit = (flags: string, name: string) =>
  `(DW_TAG_compile_unit)\\n  <d>   DW_AT_producer    : GNU C17 12 ${flags}\\n  <e>   DW_AT_name        : ${name}`;
const right = "-msse4.2 -mpopcnt -mtune=generic -march=x86-64 -g -O2 -fstack-protector-strong";

/** Verifies a zip with a program, and a file with its debug information, of which objdump says these units. */
async function verdictsOf(folder: string, program: Buffer, units: readonly string[]): Promise<Readonly<Record<string, Verdict>>> {
  const work = join(folder, "work");
  await mkdir(join(work, "out/debug"), { recursive: true });
  await writeFile(join(work, "demo.exe"), program);
  await writeFile(join(work, "out/debug/demo.exe.debug"), "");
  await writeZip(
    join(work, "out/demo-win64.zip"),
    [{ name: "demo/usr/bin/demo.exe", path: join(work, "demo.exe") }],
    1_700_000_000,
  );
  const dist = await writeSmallDist(folder, work, { target: "windows", flags: "-O2 -g -msse4.2 -mpopcnt" });
  await using bin = await makeBin({
    "x86_64-w64-mingw32-objdump": `case "$1 $*" in
--dwarf*demo.exe.debug) printf '${units.join("\\n")}\\n';;
--section*) echo '  0 .text  ${(program.length - 512).toString(16).padStart(8, "0")}  0000000140001000  0000000140001000  00000200  2**4  CONTENTS, CODE';;
esac`,
    "x86_64-w64-mingw32-nm": "printf '%s\\n' '0000000140001000 T main' '0000000140001004 T ___CTOR_LIST__'",
  });
  const [found] = await verify([dist], bytesOnly, { ...host, env: { PATH: `${bin.path}:${process.env["PATH"]}` } });
  return Object.fromEntries((found?.checks ?? []).map((verdict) => [verdict.check, verdict]));
}

// add %rax,%rbx; nop; then a list of pointers, which is data.
const code = Buffer.from([0x48, 0x01, 0xc3, 0x90, 0x06, 0x06, 0x06, 0x06]);

test("programs for Windows pass with debug information beside the zip", async ({ folder }) => {
  const library = unit("-m64 -march=x86-64 -g -O2", "./mingw-w64-crt/crt/crtexe.c");
  const verdicts = await verdictsOf(folder, makePe({ code }), [unit(right, "lib/acl.c"), library]);
  expect(Object.values(verdicts).map(({ check, verdict, problems }) => [check, verdict, ...problems])).toEqual([
    ["integrity", "pass"],
    ["label", "skipped"],
    ["flags", "pass"],
    ["isa", "pass"],
    ["hardening", "pass"],
    ["packages", "skipped"],
    ["pair", "skipped"],
  ]);
  expect(verdicts["flags"]?.evidence).toContain("Not looked at: 1 unit of assembly and of MinGW-w64's own libraries.");
});

test("a program without hardening or the stack protector fails, and one with AVX", async ({ folder }) => {
  const weak = makePe({ characteristics: 0, timestamp: 1, code: Buffer.from([0xc5, 0xfc, 0x58, 0xc0]) });
  const { flags, isa, hardening } = await verdictsOf(folder, weak, [unit("-msse4.2 -mpopcnt -g -O2", "lib/acl.c")]);
  const name = "demo-win64.zip: demo/usr/bin/demo.exe";
  expect(flags?.problems).toEqual([`${name}: no -fstack-protector-strong in 1 of 1 compile unit, such as lib/acl.c.`]);
  expect(isa?.problems[1]).toBe(`${name}: \`main\`: 1 (AVX)`);
  expect(hardening?.problems).toEqual([
    `${name} lacks high-entropy ASLR.`,
    `${name} lacks ASLR.`,
    `${name} lacks DEP.`,
    `${name} has a time stamp.`,
  ]);
});
