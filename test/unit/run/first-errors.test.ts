import { spawnSync } from "node:child_process";
import { describe, expect } from "vitest";
import { firstErrors } from "../../../src/run/first-errors.ts";
import { writeFiles } from "../../helpers/project.ts";
import { test } from "../../helpers/folder.ts";

function errorsOf(log: readonly string[]) {
  const finder = firstErrors();
  for (const line of log) finder.add(line);
  return finder.found();
}

/** Lines as the programs of Debian 12 print them, and what is found: the line's number and text. */
const cases: readonly (readonly [name: string, log: readonly string[], line: number, text: string])[] = [
  [
    "gcc with the source and the caret",
    [
      "a.c: In function ‘main’:",
      "a.c:4:13: warning: implicit declaration of function ‘foo’ [-Wimplicit-function-declaration]",
      "    4 |     int x = foo(1)",
      "      |             ^~~",
      "a.c:5:5: error: expected ‘,’ or ‘;’ before ‘return’",
      "    5 |     return y;",
      "      |     ^~~~~~",
      "make: *** [Makefile:2: all] Error 1",
    ],
    5,
    "a.c:5:5: error: expected ‘,’ or ‘;’ before ‘return’\n    5 |     return y;\n      |     ^~~~~~",
  ],
  [
    "gcc: a header is missing",
    ["b.c:1:10: fatal error: missing.h: No such file or directory", "compilation terminated."],
    1,
    "b.c:1:10: fatal error: missing.h: No such file or directory",
  ],
  [
    "gcc -Werror",
    ["u.c:1:27: error: unused variable ‘unused’ [-Werror=unused-variable]", "cc1: all warnings being treated as errors"],
    1,
    "u.c:1:27: error: unused variable ‘unused’ [-Werror=unused-variable]",
  ],
  [
    "gcc: a wrong option",
    ["gcc: error: unrecognized command-line option ‘--nonsense’; did you mean ‘--no-see’?"],
    1,
    "gcc: error: unrecognized command-line option ‘--nonsense’; did you mean ‘--no-see’?",
  ],
  [
    "gcc in colors",
    [
      "\u001B[01m\u001B[Ka.c:5:5:\u001B[m\u001B[K \u001B[01;31m\u001B[Kerror: \u001B[m\u001B[Kexpected ‘\u001B[01m\u001B[K;\u001B[m\u001B[K’",
      "    5 |     \u001B[01;31m\u001B[Kreturn\u001B[m\u001B[K y;",
    ],
    1,
    "a.c:5:5: error: expected ‘;’\n    5 |     return y;",
  ],
  [
    "clang with the source and the caret, without bars",
    ["b.c:1:10: fatal error: 'missing.h' file not found", '#include "missing.h"', "         ^~~~~~~~~~~", "1 error generated."],
    1,
    "b.c:1:10: fatal error: 'missing.h' file not found\n#include \"missing.h\"\n         ^~~~~~~~~~~",
  ],
  [
    "as",
    ["s.s: Assembler messages:", "s.s:3: Error: no such instruction: `nonsense %eax'"],
    2,
    "s.s:3: Error: no such instruction: `nonsense %eax'",
  ],
  [
    "ld: an undefined symbol",
    [
      "/usr/bin/ld: /tmp/ccVgIgWw.o: in function `main':",
      "c.c:(.text+0x5): undefined reference to `bar'",
      "collect2: error: ld returned 1 exit status",
    ],
    2,
    "c.c:(.text+0x5): undefined reference to `bar'",
  ],
  [
    "ld: a symbol twice",
    [
      "/usr/bin/ld: d.o: in function `main':",
      "d.c:(.text+0xb): multiple definition of `main'; c.o:c.c:(.text+0x0): first defined here",
    ],
    2,
    "d.c:(.text+0xb): multiple definition of `main'; c.o:c.c:(.text+0x0): first defined here",
  ],
  [
    "ld: a library is missing",
    ["/usr/bin/ld: cannot find -lnotthere: No such file or directory", "collect2: error: ld returned 1 exit status"],
    1,
    "/usr/bin/ld: cannot find -lnotthere: No such file or directory",
  ],
  [
    "ld of MinGW: an undefined symbol",
    [
      "/usr/bin/x86_64-w64-mingw32-ld: /tmp/cc8NBAzB.o:w.c:(.text+0x10): undefined reference to `__imp_WSAGetLastError'",
      "collect2: error: ld returned 1 exit status",
    ],
    1,
    "/usr/bin/x86_64-w64-mingw32-ld: /tmp/cc8NBAzB.o:w.c:(.text+0x10): undefined reference to `__imp_WSAGetLastError'",
  ],
  ["windres", ["x86_64-w64-mingw32-windres: r.rc:1: syntax error"], 1, "x86_64-w64-mingw32-windres: r.rc:1: syntax error"],
  [
    "ld.lld with the places",
    [
      "ld.lld-14: error: undefined symbol: bar",
      ">>> referenced by c.c",
      ">>>               /tmp/c-a5a14b.o:(main)",
      "clang: error: linker command failed with exit code 1 (use -v to see invocation)",
    ],
    1,
    "ld.lld-14: error: undefined symbol: bar\n>>> referenced by c.c\n>>>               /tmp/c-a5a14b.o:(main)",
  ],
  [
    "cl and nmake",
    [
      "ofp-actions.c",
      "C:\\ovs\\lib\\ofp-actions.c(322): error C2065: 'flow': undeclared identifier",
      "NMAKE : fatal error U1077: 'cl' : return code '0x2'",
      "Stop.",
    ],
    2,
    "C:\\ovs\\lib\\ofp-actions.c(322): error C2065: 'flow': undeclared identifier",
  ],
  [
    "link",
    [
      "strlist.obj : error LNK2019: unresolved external symbol _fnmatch referenced in function _fileNameMatched",
      "ctags.exe : fatal error LNK1120: 1 unresolved externals",
    ],
    1,
    "strlist.obj : error LNK2019: unresolved external symbol _fnmatch referenced in function _fileNameMatched",
  ],
  [
    "MSBuild, with line ends of Windows",
    [
      "  C:\\ovs\\datapath-windows\\ovsext\\Actions.c(12,10): fatal error C1083: Cannot open include file: 'ntddk.h': No such file or directory [C:\\ovs\\ovsext.vcxproj]\r",
      'C:\\M\\Microsoft.CppCommon.targets(151,5): error MSB6006: "cmd.exe" exited with code 9009.\r',
    ],
    1,
    "  C:\\ovs\\datapath-windows\\ovsext\\Actions.c(12,10): fatal error C1083: Cannot open include file: 'ntddk.h': No such file or directory [C:\\ovs\\ovsext.vcxproj]",
  ],
  [
    "cmd",
    ["'cl' is not recognized as an internal or external command,", "operable program or batch file."],
    1,
    "'cl' is not recognized as an internal or external command,",
  ],
  [
    "WiX: candle",
    ["candle.exe : error CNDL0103 : The system cannot find the file 'a.wxs' with type 'Source'."],
    1,
    "candle.exe : error CNDL0103 : The system cannot find the file 'a.wxs' with type 'Source'.",
  ],
  [
    "WiX: light",
    ["d:\\a\\Product.wxs(354) : error LGHT0103 : The system cannot find the file 'Ripple.exe'."],
    1,
    "d:\\a\\Product.wxs(354) : error LGHT0103 : The system cannot find the file 'Ripple.exe'.",
  ],
  [
    "wixl",
    ["", "** (wixl:18981): ERROR **: 04:37:59.203: wix.vala:218: unhandled child Product node Foo", "Trace/breakpoint trap"],
    2,
    "** (wixl:18981): ERROR **: 04:37:59.203: wix.vala:218: unhandled child Product node Foo",
  ],
  ["wixl: a file is missing", ["Couldn't find file nofile.exe"], 1, "Couldn't find file nofile.exe"],
  [
    "wixl: not XML",
    [":1: parser error : Document is empty", "garbage", "^", "Failed to parse XML"],
    1,
    ":1: parser error : Document is empty\ngarbage\n^",
  ],
  [
    "make: no rule",
    ["make: *** No rule to make target 'nothere'.  Stop."],
    1,
    "make: *** No rule to make target 'nothere'.  Stop.",
  ],
  ["make: a wrong Makefile", ["M2:2: *** missing separator.  Stop."], 1, "M2:2: *** missing separator.  Stop."],
  [
    "make: nothing but consequences",
    ["make[1]: *** [M4:2: a] Error 1", "make[1]: Leaving directory '/src'", "make: *** [M5:2: all] Error 2"],
    1,
    "make[1]: *** [M4:2: a] Error 1",
  ],
  [
    "make: a program that was killed, before the levels above",
    ["make[1]: *** [M4:2: a] Segmentation fault", "make: *** [M5:2: all] Error 2"],
    1,
    "make[1]: *** [M4:2: a] Segmentation fault",
  ],
  [
    "make: no such program",
    ["nosuchprog -x", "make: nosuchprog: No such file or directory", "make: *** [M7:2: all] Error 127"],
    2,
    "make: nosuchprog: No such file or directory",
  ],
  [
    "dh_install",
    [
      'dh_install: warning: Cannot find (any matches for) "usr/bin/nofile" (tried in ., debian/tmp)',
      "dh_install: warning: pkg missing files: usr/bin/nofile",
      "dh_install: error: missing files, aborting",
      "make: *** [debian/rules:3: binary] Error 25",
      "dpkg-buildpackage: error: debian/rules binary subprocess returned exit status 2",
    ],
    3,
    "dh_install: error: missing files, aborting",
  ],
  [
    "dh: a wrong control file",
    ["dh: error: Parse error in debian/control, line 11, read: garbage"],
    1,
    "dh: error: Parse error in debian/control, line 11, read: garbage",
  ],
  [
    "debhelper: only that make failed",
    [
      'dh_auto_build: error: make -j2 "INSTALL=install --strip-program=true" returned exit code 2',
      "make: *** [debian/rules:3: build] Error 25",
      "dpkg-buildpackage: error: debian/rules build subprocess returned exit status 2",
    ],
    1,
    'dh_auto_build: error: make -j2 "INSTALL=install --strip-program=true" returned exit code 2',
  ],
  [
    "dpkg-checkbuilddeps",
    [
      "dpkg-checkbuilddeps: error: Unmet build dependencies: nosuchpkg",
      "dpkg-buildpackage: warning: build dependencies/conflicts unsatisfied; aborting",
    ],
    1,
    "dpkg-checkbuilddeps: error: Unmet build dependencies: nosuchpkg",
  ],
  [
    "dpkg-deb",
    ["dpkg-deb: error: package name has characters that aren't lowercase alphanums or '-+.'"],
    1,
    "dpkg-deb: error: package name has characters that aren't lowercase alphanums or '-+.'",
  ],
  ["apt", ["Reading state information...", "E: Unable to locate package nosuchpkg"], 2, "E: Unable to locate package nosuchpkg"],
  [
    "configure",
    ["checking for f in -lnosuch... no", "configure: error: libnosuch is needed; install it"],
    2,
    "configure: error: libnosuch is needed; install it",
  ],
  [
    "config.status",
    ["configure: creating ./config.status", "config.status: error: cannot find input file: `nofile.in'"],
    2,
    "config.status: error: cannot find input file: `nofile.in'",
  ],
  [
    "autoconf",
    [
      "configure.ac:2: error: possibly undefined macro: AC_FOO_BAR",
      "autoreconf: error: /usr/bin/autoconf failed with exit status: 1",
    ],
    1,
    "configure.ac:2: error: possibly undefined macro: AC_FOO_BAR",
  ],
  [
    "automake",
    ["Makefile.am:3: error: FOO does not appear in AM_CONDITIONAL", "autoreconf: error: automake failed with exit status: 1"],
    1,
    "Makefile.am:3: error: FOO does not appear in AM_CONDITIONAL",
  ],
  [
    "m4",
    ["/usr/bin/m4:configure.ac:2: ERROR: end of file in string", "autom4te: error: /usr/bin/m4 failed with exit status: 1"],
    1,
    "/usr/bin/m4:configure.ac:2: ERROR: end of file in string",
  ],
  ["git apply", ["error: patch failed: f:1", "Falling back to direct application..."], 1, "error: patch failed: f:1"],
  [
    "git am",
    [
      "Applying: x",
      "error: corrupt patch at line 6",
      "Patch failed at 0001 x",
      "hint: Use 'git am --show-current-patch=diff' to see the failed patch",
    ],
    2,
    "error: corrupt patch at line 6",
  ],
  [
    "git: a conflict",
    ["Auto-merging f", "CONFLICT (content): Merge conflict in f"],
    2,
    "CONFLICT (content): Merge conflict in f",
  ],
  [
    "git: no network",
    [
      "Cloning into 'y'...",
      "fatal: unable to access 'https://nosuchhost.invalid/x/': Could not resolve host: nosuchhost.invalid",
    ],
    2,
    "fatal: unable to access 'https://nosuchhost.invalid/x/': Could not resolve host: nosuchhost.invalid",
  ],
  [
    "patch",
    ["patching file M1", "Hunk #1 FAILED at 1.", "1 out of 1 hunk FAILED -- saving rejects to file M1.rej"],
    2,
    "Hunk #1 FAILED at 1.",
  ],
  [
    "patch: not a patch",
    ["patch: **** Only garbage was found in the patch input."],
    1,
    "patch: **** Only garbage was found in the patch input.",
  ],
  [
    "python: an exception",
    [
      "Traceback (most recent call last):",
      '  File "<string>", line 1, in <module>',
      "ModuleNotFoundError: No module named 'nosuch'",
    ],
    3,
    "ModuleNotFoundError: No module named 'nosuch'",
  ],
  [
    "python: an exception without a message",
    ["Traceback (most recent call last):", '  File "<string>", line 1, in <module>', "AssertionError"],
    3,
    "AssertionError",
  ],
  [
    "python: a syntax error",
    ['  File "/src/s.py", line 1', "    print(", "         ^", "SyntaxError: '(' was never closed"],
    4,
    "SyntaxError: '(' was never closed",
  ],
  ["python: a missing module", ["/usr/bin/python3: No module named nosuch"], 1, "/usr/bin/python3: No module named nosuch"],
  [
    "perl: a missing module",
    [
      "Can't locate No/Such.pm in @INC (you may need to install the No::Such module) (@INC contains: /etc/perl) at -e line 1.",
      "BEGIN failed--compilation aborted at -e line 1.",
    ],
    1,
    "Can't locate No/Such.pm in @INC (you may need to install the No::Such module) (@INC contains: /etc/perl) at -e line 1.",
  ],
  ["perl: die", ["bad at -e line 1."], 1, "bad at -e line 1."],
  [
    "sphinx: an error",
    ['/src/doc/index.rst:4: ERROR: Unknown directive type "nodirective".', "", ".. nodirective::"],
    1,
    '/src/doc/index.rst:4: ERROR: Unknown directive type "nodirective".',
  ],
  [
    "sphinx: a critical error",
    ["/src/doc/index.rst:9: CRITICAL: Title overline & underline mismatch."],
    1,
    "/src/doc/index.rst:9: CRITICAL: Title overline & underline mismatch.",
  ],
  [
    "sphinx -W",
    ["", "Warning, treated as error:", "/src/doc/index.rst:4:toctree contains reference to nonexisting document 'nosuch'"],
    2,
    "Warning, treated as error:\n/src/doc/index.rst:4:toctree contains reference to nonexisting document 'nosuch'",
  ],
  [
    "sphinx: an extension is missing",
    ["", "Extension error:", "Could not import extension nosuch (exception: No module named 'nosuch')"],
    2,
    "Extension error:\nCould not import extension nosuch (exception: No module named 'nosuch')",
  ],
  [
    "autotest",
    [
      "  1: works                                           ok",
      "  2: breaks here                                     FAILED (t.at:6)",
      "ERROR: 3 tests were run,",
    ],
    2,
    "  2: breaks here                                     FAILED (t.at:6)",
  ],
  [
    "autotest: a test that should fail",
    ["  4: xpass                                           UNEXPECTED PASS"],
    1,
    "  4: xpass                                           UNEXPECTED PASS",
  ],
  ["assert", ["as: as.c:3: main: Assertion `1==2' failed.", "Aborted"], 1, "as: as.c:3: main: Assertion `1==2' failed."],
  [
    "AddressSanitizer",
    ["==16035==ERROR: AddressSanitizer: SEGV on unknown address 0x000000000000"],
    1,
    "==16035==ERROR: AddressSanitizer: SEGV on unknown address 0x000000000000",
  ],
  ["a crash", ["Segmentation fault"], 1, "Segmentation fault"],
  ["sh: no such program", ["sh: 1: nosuchprog: not found"], 1, "sh: 1: nosuchprog: not found"],
  ["sh: an unset variable", ["sh: 1: NOTSET: parameter not set"], 1, "sh: 1: NOTSET: parameter not set"],
  [
    "sh: a script of its own",
    ['syn.sh: 3: Syntax error: end of file unexpected (expecting "then")'],
    1,
    'syn.sh: 3: Syntax error: end of file unexpected (expecting "then")',
  ],
  ["bash", ["bash: line 1: nosuchprog: command not found"], 1, "bash: line 1: nosuchprog: command not found"],
  ["bash: an unset variable", ["bash: NOTSET: unbound variable"], 1, "bash: NOTSET: unbound variable"],
  ["cp", ["cp: cannot stat 'nofile': No such file or directory"], 1, "cp: cannot stat 'nofile': No such file or directory"],
  ["strip", ["strip: 'nofile': No such file"], 1, "strip: 'nofile': No such file"],
  ["awk", ["awk: cannot open nofile (No such file or directory)"], 1, "awk: cannot open nofile (No such file or directory)"],
  [
    "sed",
    ["sed: -e expression #1, char 3: unterminated `s' command"],
    1,
    "sed: -e expression #1, char 3: unterminated `s' command",
  ],
  [
    "tar",
    ["tar: nofile.tar: Cannot open: No such file or directory", "tar: Error is not recoverable: exiting now"],
    1,
    "tar: nofile.tar: Cannot open: No such file or directory",
  ],
  [
    "pkg-config",
    ["Package nosuch was not found in the pkg-config search path."],
    1,
    "Package nosuch was not found in the pkg-config search path.",
  ],
  ["curl", ["curl: (6) Could not resolve host: nosuchhost.invalid"], 1, "curl: (6) Could not resolve host: nosuchhost.invalid"],
  [
    "a full disk, above what it causes",
    ["cp: error writing '/dev/full': No space left on device", "make: *** [M:1: a] Error 1"],
    1,
    "cp: error writing '/dev/full': No space left on device",
  ],
];

describe("the first error of a log", () => {
  test.each(cases)("%s", (_name, log, line, text) => {
    expect(errorsOf(log)[0]).toEqual({ line, text });
  });

  test.each([
    ["an ignored error of make", "make: [M3:5: z] Error 1 (ignored)"],
    ["make that waits", "make: *** Waiting for unfinished jobs...."],
    ["a warning", "a.c:4:13: warning: implicit declaration of function ‘foo’ [-Wimplicit-function-declaration]"],
    ["a warning of debhelper", "dh_sphinxdoc: warning: Sphinx documentation not found"],
    ["a warning of sphinx", "/src/doc/index.rst:8: WARNING: undefined label: 'nolabel'"],
    ["a command with -Werror", "gcc -Wformat -Werror=format-security -c -o lib/ofp-errors.o ../lib/ofp-errors.c"],
    ["libtool's command", "libtool: compile:  gcc -Werror=format-security -c ../lib/fatal-signal.c -o lib/fatal-signal.o"],
    ["a file about errors", "copying ovs/db/error.py -> build/lib.linux-x86_64-cpython-311/ovs/db"],
    ["configure's question", "checking for strerror_r... not found"],
    ["an expanded macro", "./lib/autoconf/oldnames.m4:34: AC_ERROR is expanded from..."],
    ["a place of ld", "/usr/bin/ld: /tmp/ccVgIgWw.o: in function `main':"],
    ["a warning of ld", "/usr/bin/ld: warning: a.o: missing .note.GNU-stack section implies executable stack"],
    ["a test that passes", "  1: works                                           ok"],
    ["nothing", ""],
  ])("is not %s", (_name, line) => {
    expect(errorsOf([line])).toEqual([]);
  });
});

test("the cause is found 61 lines above the end, and what make says of it is left out", () => {
  const others = Array.from({ length: 61 }, (_, index) => `gcc -c -o ${index}.o ${index}.c`);
  const end = [
    "make[1]: *** [Makefile:3: a.o] Error 1",
    "make[1]: *** Waiting for unfinished jobs....",
    ...others,
    "make: *** [Makefile:9: all] Error 2",
  ];
  expect(errorsOf(["gcc -c a.c", "a.c:1:1: error: unknown type name ‘nit’", ...end])).toEqual([
    { line: 2, text: "a.c:1:1: error: unknown type name ‘nit’" },
  ]);
});

test("a cause is preferred to a line that good builds print too", () => {
  expect(errorsOf(["cat: nofile: No such file or directory", "a.c:1:1: error: bad", "sh: 1: x: not found"])).toEqual([
    { line: 2, text: "a.c:1:1: error: bad" },
  ]);
});

test("the first five causes are kept, each once", () => {
  const log = Array.from({ length: 40 }, (_, index) => `a.c:${Math.floor(index / 2)}:1: error: bad`);
  expect(errorsOf(log).map(({ line }) => line)).toEqual([1, 3, 5, 7, 9]);
});

test("the last five lines that good builds print too are kept", () => {
  const log = Array.from({ length: 40 }, (_, index) => `cat: ${index}: No such file or directory`);
  expect(errorsOf(log).map(({ line }) => line)).toEqual([36, 37, 38, 39, 40]);
});

test("output of another program between an error and its source is not taken for it", () => {
  expect(errorsOf(["b.c:1:10: fatal error: 'x.h' file not found", "gcc -c d.c", '#include "x.h"', "         ^~~"])).toEqual([
    { line: 1, text: "b.c:1:10: fatal error: 'x.h' file not found" },
  ]);
});

test("a long line is cut, and control characters are shown", () => {
  const [error] = errorsOf([`a.c:1:1: error: \u001B[2J\u0001${"x".repeat(60_000)}\tend`]);
  expect(error?.text).toMatch(/^a\.c:1:1: error: \\x1b\[2J\\x01x+$/);
  expect(error?.text.length).toBeLessThan(1010);
});

const isInstalled = (program: string) => spawnSync("sh", ["-c", 'command -v "$0"', program]).status === 0;
const failingMake = "all:\n\ttrue\n\tfalse\n";
const control = "Package: X_y\nVersion: 1\n";
const wxs = '<?xml version="1.0"?>\n<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi"><Product><Foo/></Product></Wix>';
const files = {
  "a.c": "int x = y;\n",
  "b.c": "int bar(void);\nint main(void) { return bar(); }\n",
  Makefile: failingMake,
  "configure.ac": "AC_INIT([x],[1])\nAC_CONFIG_FILES([nofile])\nAC_OUTPUT\n",
  "debian/changelog": "x (1) y; urgency=low\n\n  * x\n\n -- A <a@b.c>  Sun, 22 Nov 2026 12:00:00 +0300\n",
  "debian/control":
    "Source: x\nMaintainer: A <a@b.c>\nBuild-Depends: no-such-package\n\nPackage: x\nArchitecture: any\nDescription: x\n",
  "deb/DEBIAN/control": control,
  "doc/conf.py": "extensions = ['nosuch']\n",
  "change.patch": "--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-other\n+new\n",
  "a.wxs": wxs,
};

test.for([
  ["gcc", "gcc -c a.c", /^a\.c:1:9: error: .*\n +1 \| int x = y;\n +\| +\^$/],
  ["gcc", "gcc b.c", /undefined reference to `bar'$/],
  ["x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-gcc b.c", /undefined reference to `bar'$/],
  ["x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-gcc -c a.c", /^a\.c:1:9: error: /],
  ["make", "make", /^make: \*\*\* \[Makefile:3: all\] Error 1$/],
  ["make", "make nothere", /^make: \*\*\* No rule to make target 'nothere'/],
  ["autoconf", "autoconf && ./configure", /^config\.status: error: cannot find input file/],
  ["dpkg-checkbuilddeps", "dpkg-checkbuilddeps", /^dpkg-checkbuilddeps: error: .*no-such-package$/],
  ["dpkg-deb", "dpkg-deb --build deb", /^dpkg-deb: error: /],
  ["git", "git apply change.patch", /^error: patch failed: a\.c:1$/],
  ["patch", "patch -p1 < change.patch", /^Hunk #1 FAILED at 1\.$/],
  ["python3", "python3 -c 'import nosuch'", /^ModuleNotFoundError: No module named 'nosuch'$/],
  ["sphinx-build", "sphinx-build -q doc out", /^Extension error:\nCould not import extension nosuch/],
  ["wixl", "wixl a.wxs", /ERROR \*\*: .*unhandled child/],
  ["sh", "nosuchprogram", /nosuchprogram: .*not found$/],
  ["cp", "cp nofile x", /^cp: cannot stat 'nofile': No such file or directory$/],
] as const)("%s marks an error as expected: %s", async ([program, command, text], { folder, skip }) => {
  skip(!isInstalled(program), `${program} is not installed`);
  await writeFiles(folder, files);
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, LC_ALL: "C.UTF-8", DEB_BUILD_OPTIONS: "" };
  const { status, output } = spawnSync("sh", ["-c", `exec 2>&1\n${command}`], { cwd: folder, env, encoding: "utf8" });
  expect(status).not.toBe(0);
  expect(errorsOf(output.join("").split("\n"))[0]?.text).toMatch(text);
});
