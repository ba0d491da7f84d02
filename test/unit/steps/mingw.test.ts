import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { mingw } from "../../../src/steps/mingw.ts";
import { makeBin } from "../../helpers/bin.ts";
import { test } from "../../helpers/folder.ts";
import { makePe as program } from "../../helpers/pe.ts";
import { aStepContext } from "../../helpers/step.ts";
import { quietTask } from "../../../src/sys/task.ts";

const imports = "printf '\\tDLL Name: %s\\n' KERNEL32.dll msvcrt.dll";

/** Runs the step with a make that "builds" a program, and an objdump that says what it imports. */
async function run(dir: string, built: Buffer, objdump: string, onReady: () => void = () => undefined): Promise<void> {
  await mkdir(join(dir, "src"));
  await writeFile(join(dir, "built"), built);
  for (const name of ["boot.sh", "configure"]) await writeFile(join(dir, "src", name), "#!/bin/sh\n", { mode: 0o755 });
  await using bin = await makeBin({
    make: "cp ../built demo.exe",
    "x86_64-w64-mingw32-windres": "cp ../tmp/label.rc ../tmp/label.o",
    "x86_64-w64-mingw32-objcopy": 'while [ $# -gt 2 ]; do shift; done; cp "$1" "$2"',
    "x86_64-w64-mingw32-objdump": objdump,
  });
  const host = { env: { PATH: `${bin.path}:/usr/bin:/bin` }, signal: new AbortController().signal, task: quietTask };
  const input = { configure: [], cflags: "", ldflags: "", programs: ["demo"], dlls: ["kernel32.dll", "MSVCRT.dll"] };
  await mingw.run(input, aStepContext(dir, { compilerCache: { path: bin.path, env: {} }, host, onReady }));
}

test("a hardened program that imports only DLLs of Windows passes, in upper or lower case", async ({ folder }) => {
  await run(folder, program(), imports);
});

test("other jobs may start when the programs are linked, before they are stripped", async ({ folder }) => {
  let isStripped: boolean | undefined;
  await run(folder, program(), imports, () => {
    expect(existsSync(join(folder, "src/demo.exe"))).toBe(true);
    isStripped = existsSync(join(folder, "stage/demo.exe"));
  });
  expect(isStripped).toBe(false);
});

test.for([
  [
    "imports another DLL",
    program(),
    `${imports} libwinpthread-1.dll`,
    "imports libwinpthread-1.dll, which is not a DLL of Windows",
  ],
  [
    "has imports that objdump cannot read",
    program(),
    "echo 'file format not recognized' >&2; exit 1",
    "cannot be read by objdump",
  ],
  [
    "is always loaded at the same address",
    program({ characteristics: 0x100 }),
    imports,
    "lacks high-entropy ASLR, and lacks ASLR",
  ],
  ["can execute its data", program({ characteristics: 0x60 }), imports, "lacks DEP"],
  ["has a link time", program({ timestamp: 1 }), imports, "has a time stamp"],
  ["is for another machine", program({ machine: 0xaa64 }), imports, "is not a program for Windows on x86-64"],
] as const)("a program that %s is refused", async ([, built, objdump, message], { folder }) => {
  await expect(run(folder, built, objdump)).rejects.toThrow(`Program \`demo.exe\` ${message}.`);
});
