import { mkdir, readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect } from "vitest";
import { openGenerated } from "../../../src/cache/generated.ts";
import { deb } from "../../../src/steps/deb.ts";
import { makeBin } from "../../helpers/bin.ts";
import { test } from "../../helpers/folder.ts";
import { writeFiles } from "../../helpers/project.ts";
import { aStepContext } from "../../helpers/step.ts";

const rules = `#!/usr/bin/make -f
%:
	dh $@
override_dh_auto_configure:
	./configure
execute_after_dh_autoreconf :
	patch
override_dh_auto_build:
	make
`;

/** A source whose rules configure it: what that makes has its path, and is made of m4/ and another job. */
const source = {
  "src/configure.ac": "AC_INIT",
  "src/m4/demo.m4": "one",
  "src/lib/demo.c": "int demo;",
  "src/Makefile.in": "old",
  "src/debian/rules": rules,
  "src/debian/control": "Source: demo\nMaintainer: Up <up@example.com>\n\nPackage: demo\nArchitecture: all\n",
  "src/debian/changelog": "demo (1.2.3-1) stable; urgency=low\n",
};

/** Does what dpkg-buildpackage does with such rules; each call and what it sees is in the log. */
const dpkg = `
case "$*" in *--build=binary) : > ../demo_1_all.deb; exit 0;; esac
skips() { grep -A9 'not done here' debian/rules | grep -q "^override_dh_$1:$"; }
files() { find . ../../other -type f 2> /dev/null | sort | tr '\\n' ' '; }
if skips auto_build; then
  if ! skips autoreconf; then
    echo "runs autoreconf $(files)"
    echo "new $PWD" > Makefile.in
    mkdir autom4te.cache
    touch autom4te.cache/x
  fi
  if ! skips auto_configure; then
    echo "configures $(files)"
    echo "time $SOURCE_DATE_EPOCH, version $KOVN_VERSION, note $(cat ../tmp/package-note)"
    mkdir -p build/lib debian/tmp
    echo "here $PWD, $(cat m4/*.m4), $(cat ../../other/src/config.h)" > build/Makefile
    ln -s build/Makefile link
    touch debian/tmp/x config.log
  fi
else
  grep -A9 'not done here' debian/rules
  echo "compiles $(cat build/Makefile), $(cat Makefile.in link)"
fi
`;

interface Run {
  readonly cache?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly parts?: Readonly<Record<string, string>>;
  /** Only what the step does before the jobs that it needs have ended. */
  readonly isAhead?: boolean;
}

/** Runs the step in a new run folder, and returns its log without the folder. */
async function run(dir: string, { cache, files = {}, parts = {}, isAhead = false }: Run): Promise<readonly string[]> {
  await mkdir(join(dir, "demo"), { recursive: true });
  await writeFiles(join(dir, "demo"), { ...source, ...files });
  await writeFiles(dir, { "other/src/config.h": "config", "other/src/more.h": "more" });
  await using bin = await makeBin({ "dpkg-buildpackage": dpkg });
  const log: string[] = [];
  const notice = (message: string) => void log.push(message);
  const all = { job: "demo", line: "1.0", "package gcc": "12", ...parts };
  const context = aStepContext(join(dir, "demo"), {
    compilerCache: { path: bin.path, env: {} },
    onLines: async (lines) => void log.push(...lines),
    ...(cache === undefined ? {} : { generated: openGenerated(cache, all, notice) }),
  });
  const configure = { reads: ["*.{ac,in}", "m4/**", "debian/**"], others: ["other/src/config.h"] };
  const input = { packages: ["demo"], options: [], env: {}, configure };
  if (isAhead) await deb.begin?.(input, context);
  else await deb.run(input, context);
  return log.map((line) => line.replaceAll(dir, "RUN"));
}

const said = (log: readonly string[]) => log.filter((line) => line.startsWith("kovn-build:"));
const now = ["kovn-build: autoreconf ran now", "kovn-build: configured now"];
const again = ["kovn-build: configured before: its files are used again"];

test("the source is configured in a folder that has only what it may read", async ({ folder }) => {
  const log = await run(join(folder, "one"), { cache: join(folder, "cache") });
  const own = "./configure.ac ./debian/changelog ./debian/control ./debian/rules ./m4/demo.m4 ";
  expect(log.slice(0, 4)).toEqual([
    `runs autoreconf ./Makefile.in ${own}`,
    "kovn-build: autoreconf ran now",
    `configures ../../other/src/config.h ./Makefile.in ${own}`,
    "time 946684800, version , note '--package-metadata={}'",
  ]);
  expect(said(log)).toEqual(now);
  const skipped = ["update_autotools_config", "autoreconf", "auto_configure"].map((name) => `override_dh_${name}:`);
  expect(log).toEqual(expect.arrayContaining(skipped));
  expect(log).toContain("compiles here RUN/demo/src, one, config, new RUN/demo/src");
  expect(await readFile(join(folder, "one/demo/src/debian/rules"), "utf8")).toMatch(/^unused_override_dh_auto_configure:$/m);
  expect(await readdir(join(folder, "one/demo"))).not.toEqual(expect.arrayContaining(["configure", "autoreconf"]));
});

test("autoreconf runs ahead, with nothing of other jobs, and is found later", async ({ folder }) => {
  const cache = join(folder, "cache");
  expect(await run(join(folder, "one"), { cache, isAhead: true })).toEqual([
    expect.stringMatching(/^runs autoreconf \.\/Makefile\.in /),
    "kovn-build: autoreconf ran now",
  ]);
  const log = await run(join(folder, "one"), { cache });
  expect(said(log)).toEqual(["kovn-build: autoreconf ran before: its files are used again", "kovn-build: configured now"]);
  expect(log).toContain("compiles here RUN/demo/src, one, config, new RUN/demo/src");
  expect(await run(join(folder, "two"), { isAhead: true })).toEqual([]);
});

test("what configuring generated is used again in another run, with its paths", async ({ folder }) => {
  const cache = join(folder, "cache");
  await run(join(folder, "one"), { cache });
  const files = { "src/lib/demo.c": "int other;", "src/lib/new.c": "" };
  const log = await run(join(folder, "another"), { cache, files, parts: { line: "2.0", "version suffix": "+x" } });
  expect(log.filter((line) => line.startsWith("configures"))).toEqual([]);
  expect(said(log)).toEqual(again);
  expect(log).toContain("compiles here RUN/demo/src, one, config, new RUN/demo/src");
  const src = join(folder, "another/demo/src");
  expect(await readdir(src)).not.toContain("config.log");
  expect(await readdir(join(src, "debian"))).not.toContain("tmp");
  expect(await readdir(join(src, "build"))).toEqual(["Makefile", "lib"]);
  const times = await Promise.all(["build/Makefile", "Makefile.in"].map(async (name) => (await stat(join(src, name))).mtimeMs));
  expect(times[0]).toBe(times[1]);
});

test("a changed input is configured again, and the log says why", async ({ folder }) => {
  const cache = join(folder, "cache");
  await run(join(folder, "one"), { cache });
  const changes: readonly (readonly [Run, string])[] = [
    [{ files: { "src/m4/demo.m4": "two" } }, "file demo/src/m4/demo.m4: changed"],
    [{ files: { "src/m4/new.m4": "" } }, "file demo/src/m4/new.m4: new"],
    [{ files: { "src/debian/rules": `${rules}\n#` } }, "file demo/src/debian/rules: changed"],
    [{ parts: { "package gcc": "13" } }, "package gcc: 12 → 13"],
    [
      { files: Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((number) => [`src/m4/${number}.m4`, ""])) },
      `${[1, 2, 3, 4, 5].map((number) => `file demo/src/m4/${number}.m4: new`).join("; ")}; 2 more changes`,
    ],
  ];
  for (const [index, [change, why]] of changes.entries())
    expect(said(await run(join(folder, `next-${index}`), { cache, ...change }))).toContain(`kovn-build: configured now (${why})`);
  expect(said(await run(join(folder, "last"), { cache }))).toEqual(again);
});

test.for([
  ["cut off", (bytes: Buffer) => bytes.subarray(0, bytes.length - 20)],
  ["changed", (bytes: Buffer) => gzipSync(gunzipSync(bytes).toString().replace("Makefile", "makefile"))],
] as const)("a file in the cache that is %s is made again", async ([, damage], { folder }) => {
  const cache = join(folder, "cache");
  await run(join(folder, "one"), { cache });
  for (const name of await readdir(join(cache, "generated"))) {
    const path = join(cache, "generated", name);
    await writeFile(path, damage(await readFile(path)));
  }
  expect(said(await run(join(folder, "two"), { cache }))).toEqual(now);
  expect(said(await run(join(folder, "three"), { cache }))).toEqual(again);
});

test("a cache that cannot be written into does not fail a build", async ({ folder }) => {
  const cache = join(folder, "cache");
  await writeFile(cache, "");
  const log = await run(join(folder, "one"), { cache });
  expect(log).toContainEqual(expect.stringMatching(/^Generated files cannot be stored in /));
  expect(log).toContain("compiles here RUN/demo/src, one, config, new RUN/demo/src");
});

test("without a cache, debian/rules configures the source in its place", async ({ folder }) => {
  const files = { "src/build/Makefile": "", "src/link": "" };
  const log = await run(join(folder, "one"), { files });
  expect(said(log)).toEqual([]);
  expect(await readFile(join(folder, "one/demo/src/debian/rules"), "utf8")).toContain(rules);
});
