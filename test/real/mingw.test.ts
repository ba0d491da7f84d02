import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect } from "vitest";
import { openGenerated } from "../../src/cache/generated.ts";
import { mingw } from "../../src/steps/mingw.ts";
import { test } from "../helpers/folder.ts";
import { writeFiles } from "../helpers/project.ts";
import { aStepContext } from "../helpers/step.ts";

/** A program for Windows, made with autotools. As in Open vSwitch, config.h includes headers of Windows. */
const source = {
  "boot.sh": "#! /bin/sh\nautoreconf --install --force\n",
  "configure.ac": `AC_INIT([demo], [1.2])
AC_CONFIG_AUX_DIR([build-aux])
AC_CONFIG_SRCDIR([demo.c])
AM_INIT_AUTOMAKE([foreign subdir-objects])
AC_CONFIG_HEADERS([config.h])
AH_BOTTOM([#include "include/windefs.h"])
AC_PROG_CC
AC_SUBST([OTHER], [$(cd ../../other/src && pwd)])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
`,
  "Makefile.am": `AM_CPPFLAGS = -I $(OTHER)
BUILT_SOURCES = times.h tests/idl.h
times.h: times.txt
	cp times.txt times.h
bin_PROGRAMS = demo
demo_SOURCES = demo.c greet.c
`,
  "times.txt": "#define TIMES 2\n",
  "demo.c":
    '#include <config.h>\n#include "times.h"\nvoid greet(SOCKET *);\nint main(void) { SOCKET one = TIMES; greet(&one); return errors(); }\n',
  "greet.c":
    '#include <config.h>\n#include <stdio.h>\nvoid greet(SOCKET *one) { printf(PACKAGE_STRING " %d\\n", (int) *one); }\n',
};
/** A header of another job, as that of Open vSwitch is for OVN. */
const other = {
  "include/windefs.h":
    "#include <winsock2.h>\n#include <windows.h>\nstatic inline int errors(void) { return (int) GetLastError(); }\n",
};
const input = {
  configure: [],
  // gcc prints each header that it includes, and `!` for a precompiled one.
  cflags: "-H",
  ldflags: "-Wl,--dynamicbase,--high-entropy-va,--nxcompat,--no-insert-timestamp",
  programs: ["demo"],
  configureFrom: { reads: ["boot.sh", "configure.ac", "Makefile.am", "demo.c"], others: ["other/src/include/windefs.h"] },
  dlls: ["ADVAPI32.dll", "KERNEL32.dll", "msvcrt.dll", "USER32.dll", "WS2_32.dll"],
};

/** Builds the program of a source in the job's folder, with the cache if there is one, and returns the log. */
async function build(job: string, files: Readonly<Record<string, string>>, cache?: string): Promise<readonly string[]> {
  for (const folder of ["home", "tmp", "out"]) await mkdir(join(job, folder), { recursive: true });
  await writeFiles(join(job, "src"), files);
  await writeFiles(join(job, "../other/src"), other);
  const log: string[] = [];
  const context = aStepContext(job, {
    flags: "-O2 -g",
    onLines: async (lines) => void log.push(...lines),
    ...(cache === undefined ? {} : { generated: openGenerated(cache, { job: "demo" }, (message) => void log.push(message)) }),
  });
  await mingw.run(input, context);
  return log;
}

test("config.h is compiled once, and files that use it are the same as without", async ({ folder }) => {
  const src = join(folder, "demo/src");
  const log = await build(join(folder, "demo"), source);
  expect(log.filter((line) => line.startsWith("! "))).toEqual(["! ./config.h.gch", "! ./config.h.gch"]);
  for (const object of ["demo.o", "greet.o"]) {
    const made = await readFile(join(src, object));
    await rm(join(src, object));
    // ccache makes paths relative.
    const { stderr } = await execa("make", [object, "OTHER=../../other/src"], { cwd: src });
    expect(stderr).toContain("winsock2.h");
    expect(stderr).not.toContain("config.h.gch");
    expect(made.equals(await readFile(join(src, object))), object).toBe(true);
  }
});

test("what was configured before makes the same programs as configuring from scratch", async ({ folder }) => {
  const states = [
    ["now", source],
    ["before: its files are used again", { ...source, "greet.c": source["greet.c"].replace("%d", "%d!") }],
  ] as const;
  for (const [says, files] of states) {
    const seen: Buffer[][] = [];
    for (const cache of [join(folder, "cache"), undefined]) {
      const job = join(folder, cache === undefined ? "whole/demo" : "reused/demo");
      const log = await build(job, files, cache);
      const configured = cache === undefined ? [] : [`kovn-build: configured ${says}`];
      expect(log.filter((line) => line.startsWith("kovn-build: configured"))).toEqual(configured);
      const made = ["stage/demo.exe", "out/debug/demo.exe.debug"];
      seen.push(await Promise.all(made.map(async (path) => readFile(join(job, path)))));
      await rm(job, { recursive: true });
    }
    expect(seen[0]?.map((bytes, index) => bytes.equals(seen[1]?.[index] ?? Buffer.of()))).toEqual([true, true]);
  }
});
