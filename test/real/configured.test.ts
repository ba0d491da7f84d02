import { mkdir, readFile, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { openGenerated } from "../../src/cache/generated.ts";
import { deb } from "../../src/steps/deb.ts";
import { sha256 } from "../../src/sys/files.ts";
import { test } from "../helpers/folder.ts";
import { writeFiles } from "../helpers/project.ts";
import { aStepContext } from "../helpers/step.ts";

/** A library and a program, made with autotools. */
const base = {
  "configure.ac": `AC_INIT([demo], [1.2])
AC_CONFIG_AUX_DIR([build-aux])
AC_CONFIG_SRCDIR([lib/greet.c])
AM_INIT_AUTOMAKE([foreign subdir-objects])
AC_CONFIG_HEADERS([config.h])
AC_PROG_CC
AM_PROG_AR
AC_PROG_RANLIB
m4_include([m4/greeting.m4])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
`,
  "m4/greeting.m4": 'AC_DEFINE([GREETING], ["one"], [What the program says.])\n',
  "Makefile.am": `AM_CPPFLAGS = -I $(top_srcdir)/include
noinst_LIBRARIES = lib/libgreet.a
lib_libgreet_a_SOURCES = lib/greet.c include/greet.h
bin_PROGRAMS = demo
demo_SOURCES = demo.c
demo_LDADD = lib/libgreet.a
`,
  "include/greet.h": "#define TIMES 1\nvoid greet(void);\n",
  "lib/greet.c":
    '#include <config.h>\n#include <stdio.h>\n#include "greet.h"\nvoid greet(void) { printf(PACKAGE_STRING "%d " GREETING "\\n", TIMES); }\n',
  "demo.c": '#include "greet.h"\nint main(void) { greet(); return 0; }\n',
  "debian/changelog":
    "demo (1.2-3) unstable; urgency=low\n\n  * One.\n\n -- A <a@example.com>  Wed, 01 Jan 2025 00:00:00 +0000\n",
  "debian/control":
    "Source: demo\nMaintainer: A <a@example.com>\nBuild-Depends: debhelper-compat (= 13)\n\nPackage: demo\nArchitecture: any\nDepends: ${shlibs:Depends}\nDescription: d\n",
  "debian/source/format": "3.0 (native)\n",
};
const rules =
  "#!/usr/bin/make -f\n%:\n\tdh $@\noverride_dh_auto_configure:\n\tdh_auto_configure -- --disable-dependency-tracking\n";
const configure = { reads: ["configure.ac", "Makefile.am", "m4/**", "lib/greet.c", "debian/**"], others: [] };

interface Result {
  readonly log: readonly string[];
  readonly packages: Readonly<Record<string, Buffer>>;
}

/** Builds the packages of a source in a new folder, with the cache if there is one. */
async function build(dir: string, files: Readonly<Record<string, string>>, cache?: string): Promise<Result> {
  const job = join(dir, "demo");
  for (const folder of ["home", "tmp", "out"]) await mkdir(join(job, folder), { recursive: true });
  await writeFiles(join(job, "src"), { ...files, "debian/rules": rules });
  const log: string[] = [];
  const context = aStepContext(job, {
    flags: "-O2 -g",
    onLines: async (lines) => void log.push(...lines),
    ...(cache === undefined ? {} : { generated: openGenerated(cache, { job: "demo" }, (message) => void log.push(message)) }),
  });
  await deb.run({ packages: ["demo"], options: [], env: {}, configure }, context);
  await rename(join(job, "out"), join(dir, "out"));
  const names = (await readdir(join(dir, "out"), { recursive: true })).filter((name) => name.endsWith(".deb")).toSorted();
  const packages = await Promise.all(names.map(async (name) => [name, await readFile(join(dir, "out", name))] as const));
  await rm(dir, { recursive: true });
  return { log, packages: Object.fromEntries(packages) };
}

const again = "before: its files are used again";

test("what was configured before makes the same packages as configuring from scratch", async ({ folder }) => {
  const states: readonly (readonly [what: string, files: Readonly<Record<string, string>>, says: string])[] = [
    ["the first build", base, "now"],
    ["a changed .c", { ...base, "demo.c": base["demo.c"].replace("return 0", "greet(); return 0") }, again],
    ["a changed header", { ...base, "include/greet.h": base["include/greet.h"].replace("1", "2") }, again],
    [
      "a changed configure.ac",
      { ...base, "configure.ac": base["configure.ac"].replace("[1.2]", "[1.3]") },
      "now (file demo/src/configure.ac: changed)",
    ],
    ["a patch dropped", base, again],
  ];
  const seen = new Set<string>();
  const fromScratch = new Map<unknown, Result>();
  for (const [index, [what, files, says]] of states.entries()) {
    const [reused, whole] = await Promise.all([
      build(join(folder, `reused${index}`), files, join(folder, "cache")),
      fromScratch.get(files) ?? build(join(folder, `whole${index}`), files),
    ]);
    fromScratch.set(files, whole);
    expect(reused.log.filter((line) => line.startsWith("kovn-build: configured"))).toEqual([`kovn-build: configured ${says}`]);
    expect(whole.log).toContainEqual(expect.stringMatching(/^checking for gcc/));
    expect(Object.keys(reused.packages)).toEqual([
      "debug/demo-dbgsym_1.2-3+kovn1.12345678_amd64.deb",
      "demo_1.2-3+kovn1.12345678_amd64.deb",
    ]);
    for (const [name, bytes] of Object.entries(whole.packages))
      expect(reused.packages[name]?.equals(bytes), `${name}: ${what}`).toBe(true);
    seen.add(sha256(Buffer.concat(Object.values(whole.packages))));
  }
  // The first and the last are one.
  expect(seen.size).toBe(states.length - 1);
});
