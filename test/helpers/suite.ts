import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { commitAll, inGit, sourceYaml, writeFiles, writeProject, type Files } from "./project.ts";

/**
 * The parts of `configure` that a suite needs: a Makefile, and the atconfig of AC_CONFIG_TESTDIR.
 */
const configure = `#!/bin/sh
cat > Makefile <<'END'
all:
tests/testsuite: tests/testsuite.at
	autom4te --language=autotest -o $@ tests/testsuite.at
check: all tests/testsuite
	$(SHELL) tests/testsuite -C tests $(TESTSUITEFLAGS)
END
cat > tests/atconfig <<END
at_testdir=tests
abs_builddir=$PWD/tests
at_srcdir=.
abs_srcdir=$PWD/tests
at_top_srcdir=..
abs_top_srcdir=$PWD
at_top_build_prefix=../
abs_top_builddir=$PWD
EXEEXT=
AUTOTEST_PATH=tests
SHELL=/bin/sh
END
`;

/**
 * `tests/testsuite.at`: a suite of these tests, by title. Each writes to `$runs`, a file beside the
 * tree, that it ran.
 */
export function suiteAt(tests: Readonly<Record<string, string>>): string {
  const groups = Object.entries(tests).map(
    ([title, body]) => `AT_SETUP([${title}])\nAT_CHECK([echo "${title}" >> "$abs_top_srcdir/../runs"])\n${body}\nAT_CLEANUP\n`,
  );
  const names = ["NAME", "TARNAME", "VERSION", "STRING", "BUGREPORT", "URL"];
  const definitions = names.map((name) => `m4_define([AT_PACKAGE_${name}], [demo])\n`);
  return `${definitions.join("")}AT_INIT\n\n${groups.join("\n")}`;
}

/**
 * A patch: its name, its change, and the seed commit of the fixture project's only entry if it
 * belongs to it.
 */
export interface FixturePatch {
  readonly name: string;
  readonly files: Files;
  readonly seed?: string;
}

/** A project like that of `makeProject`, whose source `demo` is a tree with an autotest suite. */
export async function makeSuiteProject(folder: string, files: Files, patches: readonly FixturePatch[]): Promise<string> {
  const upstream = join(folder, "upstream");
  await mkdir(upstream, { recursive: true });
  await writeFiles(upstream, { "boot.sh": "#!/bin/sh\n", configure, ...files });
  await inGit(upstream, "init", "--quiet", "--initial-branch=main");
  const commit = await commitAll(upstream, "First");
  const work = join(folder, "work");
  await execa("git", ["clone", "--quiet", upstream, work]);
  const series: Record<string, string> = {};
  for (const { name, files: changed, seed = "none" } of patches) {
    await writeFiles(work, changed);
    await commitAll(work, `Change ${name}\n\nWhy.\n\nOrigin: vendor\nForwarded: no\nSeed: ${seed}\nLast-Update: 2026-11-22`);
    series[`patches/1.0/demo/${name}.patch`] =
      `${await inGit(work, "format-patch", "-1", "-N", "--zero-commit", "--no-signature", "--stdout")}\n`;
  }
  const yaml = sourceYaml(upstream, "suite:\n  check: { check: tests/testsuite }\n").replace(/commit: .*/, `commit: ${commit}`);
  return writeProject(folder, {
    "patches/1.0/demo/greet-world.patch": undefined,
    "patches/1.0/demo/greet-all.patch": undefined,
    "patches/1.0/demo/source.yaml": yaml,
    "patches/1.0/demo/series": patches.map(({ name }) => `${name}.patch\n`).join(""),
    ...series,
  });
}
