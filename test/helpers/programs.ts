import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import type { BuiltJob } from "../../src/dist/manifest.ts";
import { sha256 } from "../../src/sys/files.ts";
import { packTree, writeSmallDist } from "./dist.ts";
import { copyFixture } from "./fixtures.ts";

/** Describes a build of one small program; everything has a default, and is as it should be. */
export interface ProgramBuild {
  readonly cflags?: string;
  readonly ldflags?: string;
  /** More code of the program. */
  readonly code?: string;
  /** False for a build without a package of debug information. */
  readonly dbgsym?: boolean;
  /** More files of the package, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Scripts of the package, by their names, such as `postinst`. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** True for a second package that has the same program. */
  readonly twice?: boolean;
  readonly job?: Partial<BuiltJob>;
}

/** The flags of the variant. */
export const flags = "-O2 -g -msse4.2 -mpopcnt";

const good = {
  cflags: `${flags} -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE`,
  ldflags: "-pie -Wl,-z,relro,-z,now,-z,noexecstack",
};

const program = `
#include <stdio.h>
#include <string.h>
__attribute__((noinline)) double scale(double a, double b) { return a * b + 1.5; }
int main(int argc, char **argv) {
  char name[64];
  strcpy(name, argv[0]);
  printf("%s %f %d\\n", name, scale(argc, 3), __builtin_popcountll(argc));
  return 0;
}
`;

const version = "1.2.3-1+kovn1.00000001";

/**
 * Makes a folder of artifacts as `build` does: the package `demo` with a program for amd64, stripped, and
 * `demo-dbgsym` with its debug information. Returns the folder, which is `<out>/linux`.
 */
export async function makeProgramDist(out: string, build: ProgramBuild = {}): Promise<string> {
  await rm(join(out, "linux"), { recursive: true, force: true });
  const name = `programs-${sha256(JSON.stringify(build))}`;
  return join(out, await copyFixture(name, out, async (folder) => basename(await buildDist(folder, build))));
}

async function buildDist(out: string, build: ProgramBuild): Promise<string> {
  const { dbgsym = true, files = {}, scripts = {}, twice = false, job = {} } = build;
  const work = join(out, ".work");
  const bin = join(work, "demo/usr/bin");
  await mkdir(bin, { recursive: true });
  await mkdir(join(work, "out/debug"), { recursive: true });
  const debug = await compile(work, join(bin, "demo"), build);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(work, "demo", path, ".."), { recursive: true });
    await writeFile(join(work, "demo", path), text);
  }
  for (const [script, text] of Object.entries(scripts)) {
    await mkdir(join(work, "demo/DEBIAN"), { recursive: true });
    await writeFile(join(work, "demo/DEBIAN", script), `#!/bin/sh\nset -e\n${text}\n`, { mode: 0o755 });
  }
  const pack = async (name: string, to = "out") =>
    packTree(join(work, name), join(work, to), { name, version, architecture: "amd64" });
  await pack("demo");
  if (twice) {
    await mkdir(join(work, "demo-too/usr/bin"), { recursive: true });
    await copyFile(join(bin, "demo"), join(work, "demo-too/usr/bin/demo"));
    await pack("demo-too");
  }
  if (dbgsym) {
    const { stdout } = await execa("readelf", ["--notes", "--wide", debug]);
    const id = /Build ID: (\w+)/.exec(stdout)?.[1] ?? "";
    const folder = join(work, "demo-dbgsym/usr/lib/debug/.build-id", id.slice(0, 2));
    await mkdir(folder, { recursive: true });
    await copyFile(debug, join(folder, `${id.slice(2)}.debug`));
    await pack("demo-dbgsym", "out/debug");
  }
  return writeSmallDist(out, work, { flags, job });
}

/** Compiles the program, and strips it. Returns the file with its debug information. */
async function compile(work: string, to: string, build: ProgramBuild): Promise<string> {
  const { cflags = good.cflags, ldflags = good.ldflags, code = "" } = build;
  await writeFile(join(work, "demo.c"), `${code}${program}`);
  const words = [...cflags.split(" "), "demo.c", "-o", to, ...ldflags.split(" "), "-Wl,--build-id"].filter((word) => word !== "");
  await execa("gcc", words, { cwd: work });
  const debug = join(work, "demo.debug");
  await execa("objcopy", ["--only-keep-debug", to, debug]);
  await execa("strip", [to]);
  return debug;
}
