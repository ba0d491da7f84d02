import { mkdir, readFile, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BuildError } from "../errors.ts";
import { writeWhole } from "../sys/files.ts";
import { runProgram, type StepContext, type StepKind } from "./step.ts";

/** A Debian package's name (Debian policy, 5.6.1); so it can never be taken for an option of a program. */
export const packageName = z.string().regex(/^[a-z0-9][a-z0-9.+-]+$/, "a Debian package name is wanted");

const schema = z.strictObject({
  packages: z.array(packageName).min(1).describe("binary packages to build and keep, with their dbgsym packages"),
  options: z.array(z.string()).default([]).describe("further words for DEB_BUILD_OPTIONS"),
  env: z.record(z.string(), z.string()).default({}).describe("further environment variables for debian/rules"),
});

type Input = z.infer<typeof schema>;

/**
 * `uses: deb`: builds the Debian binary packages of `src/` with dpkg-buildpackage(1). The plan's flags are added to the distribution's
 * with DEB_CFLAGS_APPEND (dpkg-buildflags(1)), so its hardening stays. Packages end in `out/`, their dbgsym packages in `out/debug/`.
 */
export const deb: StepKind<"deb", Input> = {
  name: "deb",
  schema,
  run,
  makes: ({ packages }) => packages,
  packages: ["binutils", "build-essential", "debhelper", "dpkg-dev", "fakeroot", "gcc"],
};

async function run(input: Input, context: StepContext): Promise<void> {
  await stampChangelog(context);
  const env = {
    DEB_BUILD_OPTIONS: ["nocheck", `parallel=${context.parallel}`, ...input.options].join(" "),
    DEB_BUILD_MAINT_OPTIONS: "hardening=+all",
    DEB_CFLAGS_APPEND: context.flags,
    DEB_CXXFLAGS_APPEND: context.flags,
    // debhelper(7): every dh_* program acts on these packages only.
    DH_OPTIONS: input.packages.map((name) => `-p${name}`).join(" "),
    // configure and libtool choose bash where they can (autoconf, "config.status Invocation"); Debian's sh does the same in less time.
    CONFIG_SHELL: "/bin/sh",
    ...input.env,
  };
  const build = (...args: readonly string[]) =>
    runProgram("dpkg-buildpackage", ["--no-pre-clean", "--unsigned-source", "--unsigned-changes", ...args], env, context);
  await build("--target=build");
  // Packaging keeps one core busy at most: who only needs what is compiled can go on.
  context.onReady();
  await build("--build=binary");
  await collect(input, context);
}

/**
 * Puts an entry above the base's debian/changelog: its version with our suffix, its package name in small letters (OVN's own entry says
 * `OVN`, which dpkg refuses), the date of the patched commit. The program's own version (AC_INIT) stays upstream's.
 */
async function stampChangelog(context: StepContext): Promise<void> {
  const path = join(context.dir, "src/debian/changelog");
  const old = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new BuildError("build", "The source has no debian/changelog, so no deb can be built of it.", { cause });
  });
  const top = /^(\S+) \(([^)]+)\) (\S+);/.exec(old);
  if (top === null) throw new BuildError("build", "The first line of debian/changelog is no Debian changelog entry.");
  const [, name = "", version = "", suite = ""] = top;
  const date = new Date(context.epoch * 1000).toUTCString().replace("GMT", "+0000");
  const entry = [
    `${name.toLowerCase()} (${version}${context.versionSuffix}) ${suite}; urgency=medium`,
    "",
    "  * Built with the Kube-OVN patch series by kovn-build.",
    "",
    ` -- kovn-build <kovn-build@localhost>  ${date}`,
  ];
  await writeWhole(path, `${entry.join("\n")}\n\n${old}`);
}

/** dpkg writes packages beside `src/`: moves the wanted ones to `out/`, and says which of them are not there. */
async function collect(input: Input, context: StepContext): Promise<void> {
  const built = (await readdir(context.dir)).filter((file) => /\.d?deb$/.test(file));
  const nameOf = (file: string) => file.slice(0, file.indexOf("_"));
  const missing = input.packages.filter((name) => !built.some((file) => nameOf(file) === name));
  if (missing.length > 0)
    throw new BuildError("build", `The build ended, but made no package ${missing.map((name) => `\`${name}\``).join(", ")}.`);
  await mkdir(join(context.dir, "out/debug"), { recursive: true });
  for (const file of built) {
    const folder = nameOf(file).endsWith("-dbgsym") ? "out/debug" : "out";
    await rename(join(context.dir, file), join(context.dir, folder, file));
  }
}
