/** A library and a program, made with autotools. */
export const demoAutotools = {
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
  "debian/rules":
    "#!/usr/bin/make -f\n%:\n\tdh $@\noverride_dh_auto_configure:\n\tdh_auto_configure -- --disable-dependency-tracking\n",
};
