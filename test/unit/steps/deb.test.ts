import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { deb } from "../../../src/steps/deb.ts";
import { makeBin } from "../../helpers/bin.ts";
import { test } from "../../helpers/folder.ts";
import { writeFiles } from "../../helpers/project.ts";
import { aStepContext } from "../../helpers/step.ts";
import type { StepContext } from "../../../src/steps/step.ts";

/**
 * Does what a step sees of dpkg-buildpackage: the second call leaves packages beside the source,
 * with the version of debian/changelog.
 */
const program = `env | grep -E '^(DEB|DH|CCACHE|_PYTHON|[a-z]+)_' | sort
echo "arguments: $*"
case "$*" in *--build=binary) ;; *) exit 0;; esac
version=$(sed -n '1s/.*(\\(.*\\)).*/\\1/p' debian/changelog)
for name in demo-tools demo-tools-dbgsym; do : > "../\${name}_\${version}_all.deb"; done
`;

const control = "Source: demo\nMaintainer: Up <up@example.com>\n\nPackage: demo-tools\nArchitecture: all\n";
const rules = "#!/usr/bin/make -f\n%:\n\tdh $@\n";

/**
 * Runs the step for these packages in a folder whose source has `changelog`; returns what the log
 * has.
 */
async function run(
  dir: string,
  packages: readonly string[],
  changelog: string | undefined,
  dpkg = program,
  changes: Partial<StepContext> = {},
): Promise<readonly string[]> {
  await mkdir(join(dir, "src/debian"), { recursive: true });
  await writeFile(join(dir, "src/debian/control"), control);
  await writeFile(join(dir, "src/debian/rules"), rules, { mode: 0o755 });
  if (changelog !== undefined) await writeFile(join(dir, "src/debian/changelog"), changelog);
  await using bin = await makeBin({ "dpkg-buildpackage": dpkg });
  const log: string[] = [];
  const context = aStepContext(dir, {
    flags: "-O2 -msse4.2",
    parallel: 3,
    compilerCache: { path: bin.path, env: {} },
    onLines: async (lines) => void log.push(...lines),
    ...changes,
  });
  await deb.run({ packages: [...packages], options: ["nodpdk"], env: { EXTRA: "1" } }, context);
  return log;
}

const changelog = "Demo (1.2.3-1) stable; urgency=low\n";

test("packages and their debug packages are kept, with a version that names the series", async ({ folder }) => {
  const log = await run(folder, ["demo-tools"], changelog);
  const version = "1.2.3-1+kovn1.12345678";
  expect(await readdir(join(folder, "out"))).toEqual(["debug", `demo-tools_${version}_all.deb`]);
  expect(await readdir(join(folder, "out/debug"))).toEqual([`demo-tools-dbgsym_${version}_all.deb`]);
  expect(await readFile(join(folder, "src/debian/changelog"), "utf8")).toMatch(/^demo \(1\.2\.3-1\+kovn1\.12345678\) stable;/);
  expect(log).toContainEqual(expect.stringMatching(/^DEB_CFLAGS_APPEND=-O2 -msse4\.2 /));
  expect(log).toContain("DEB_BUILD_OPTIONS=nocheck parallel=3 optimize=-lto nodpdk");
});

test("debug packages of Ubuntu get the name that others have", async ({ folder }) => {
  const ubuntu = program.concat('for file in ../*-dbgsym_*.deb; do mv "$file" "${file%.deb}.ddeb"; done\n');
  await run(folder, ["demo-tools"], changelog, ubuntu);
  expect(await readdir(join(folder, "out/debug"))).toEqual(["demo-tools-dbgsym_1.2.3-1+kovn1.12345678_all.deb"]);
});

/** The flags that Ubuntu's dpkg gives a debian/rules which asks for hardening, as that of Open vSwitch does. */
const flags = (origins: string) => `case "$*" in *--build=binary) : > ../demo-tools_1_all.deb;; *)
export DPKG_ORIGINS_DIR=${origins} DEB_BUILD_MAINT_OPTIONS=hardening=+all
dpkg-vendor --query Vendor
dpkg-buildflags --export=sh;; esac
`;

test.skipIf(!existsSync("/usr/bin/dpkg-buildflags"))(
  "Ubuntu's flags are those of the plan, without link time optimisation",
  async ({ folder }) => {
    const origins = join(folder, "origins");
    await writeFiles(origins, { ubuntu: "Vendor: Ubuntu\nParent: Debian\n", debian: "Vendor: Debian\n" });
    await symlink("ubuntu", join(origins, "default"));
    const log = await run(join(folder, "job"), ["demo-tools"], changelog, flags(origins));
    expect(log).toContain("Ubuntu");
    expect(log).toContainEqual(expect.stringMatching(/^export CFLAGS=".* -fstack-protector-strong .* -O2 -msse4\.2 /));
    expect(log).toContainEqual(
      expect.stringMatching(/^export LDFLAGS="-Wl,-Bsymbolic-functions .*-Wl,-z,now -Wl,@\S+\/tmp\/package-note"$/),
    );
    expect(log.join("\n")).not.toContain("-flto");
  },
);

/** Compiles as debian/rules does, with absolute paths; what gcc wrote is the "package". */
const compiler = `case "$*" in *--build=binary) ;; *) exit 0;; esac
mkdir -p ../../other/src _debian
echo 'static inline const char *other(void) { return __FILE__; }' > ../../other/src/other.h
printf '#include "other.h"\nconst char *own = __FILE__;\nconst char *get(void) { return other(); }\n' > own.c
cd _debian
gcc $DEB_CFLAGS_APPEND -g -O0 -I"$(cd ../../../other/src && pwd)" -c "\${PWD%/*}/own.c" -o ../../demo-tools_1_all.deb
`;

test("a package has the same bytes in every folder, also where dpkg maps no paths", async ({ folder }) => {
  const built: Buffer[] = [];
  for (const name of ["job", "job@2", "büro~+"]) {
    const dir = join(folder, name, "job");
    await run(dir, ["demo-tools"], changelog, compiler);
    built.push(await readFile(join(dir, "out/demo-tools_1_all.deb")));
  }
  expect(built[1]).toEqual(built[0]);
  expect(built[2]).toEqual(built[0]);
  expect(built[0]?.includes(folder)).toBe(false);
});

test("a build that leaves out a package fails and names it", async ({ folder }) => {
  await expect(run(folder, ["demo-tools", "demo-extra"], changelog)).rejects.toMatchObject({
    code: "build",
    message: expect.stringContaining("`demo-extra`"),
  });
});

test.for([
  ["no debian/changelog", undefined, "has no debian/changelog"],
  ["a debian/changelog that starts with something else", "Changes\n", "first line of debian/changelog"],
] as const)("a source with %s fails", async ([, text, message], { folder }) => {
  await expect(run(folder, ["demo-tools"], text)).rejects.toMatchObject({
    code: "build",
    message: expect.stringContaining(message),
  });
});

test("packages of another architecture are cross-compiled, also by rules that run configure or setup.py", async ({ folder }) => {
  const log = await run(folder, ["demo-tools"], changelog, program, { arch: "arm64", buildArch: "amd64" });
  const calls = log.filter((line) => line.startsWith("arguments: "));
  expect(calls).toHaveLength(2);
  for (const call of calls) expect(call).toContain("--host-arch=arm64 --build-profiles=cross,nocheck --no-check-builddeps ");
  for (const line of [
    "build_alias=x86_64-linux-gnu",
    "host_alias=aarch64-linux-gnu",
    "_PYTHON_SYSCONFIGDATA_NAME=_sysconfigdata__aarch64-linux-gnu",
    "CCACHE_EXTRAFILES=/usr/bin/aarch64-linux-gnu-as",
  ])
    expect(log).toContain(line);
});

test("packages of the machine's architecture are compiled with nothing for another one", async ({ folder }) => {
  const log = (await run(folder, ["demo-tools"], changelog)).join("\n");
  expect(log).not.toMatch(/--host-arch|build_alias|_PYTHON/);
});
