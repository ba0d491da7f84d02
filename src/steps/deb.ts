import { chmod, mkdir, readdir, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { BuildError, refusalOf } from "../errors.ts";
import { binaryPackages, changelogEntry, onlyPackages, ownControl, ownRules, packageSbom, sbomFolder } from "../label/debian.ts";
import { rulesFor, rulesToPack } from "../label/debian-rules.ts";
import { makeNote } from "../label/elf-note.ts";
import { truePath } from "../sys/disk.ts";
import { autoreconfAhead, configureApart, configureSchema, type Configure } from "./configure.ts";
import { crossSettings } from "./cross.ts";
import { readText } from "../sys/read-file.ts";
import { environment, runProgram, type StepContext, type StepKind } from "./step.ts";
import { writeTemporary } from "../sys/write-whole.ts";

/**
 * A Debian package's name (Debian policy, 5.6.1). It never starts with a hyphen, so no program
 * takes it for an option.
 */
export const packageName = z.string().regex(/^[a-z0-9][a-z0-9.+-]+$/, "expected a Debian package name");

const schema = z
  .strictObject({
    packages: z.array(packageName).min(1).describe("Binary packages to build and keep, with their dbgsym packages."),
    dbgsym: z
      .literal("beside")
      .exactOptional()
      .describe("Puts dbgsym packages beside their packages, into `out/`; without it they go to `out/debug/`."),
    options: z.array(z.string()).default([]).describe("More words for DEB_BUILD_OPTIONS."),
    env: environment.default({}).describe("More environment variables for debian/rules."),
    configure: configureSchema.exactOptional(),
  })
  .describe(
    "Builds the Debian packages of `src/` with dpkg-buildpackage(1), into `out/`, and their dbgsym packages into `out/debug/`.",
  );

type Input = z.infer<typeof schema>;

/**
 * `uses: deb`: builds the Debian binary packages of `src/` with dpkg-buildpackage(1). The plan's
 * flags are added to the distribution's with DEB_CFLAGS_APPEND (dpkg-buildflags(1)), so its
 * hardening stays. For another architecture they are cross-compiled. Packages go to `out/`, their
 * dbgsym packages to `out/debug/` or beside them.
 */
export const deb: StepKind<"deb", Input> = {
  name: "deb",
  schema,
  run,
  begin: async (input, context) => {
    if (input.configure !== undefined) await autoreconfAhead(input.configure, configuring(input), context);
  },
  makes: ({ packages }) => packages,
  isForDistribution: true,
  packages: ["binutils", "build-essential", "debhelper", "dpkg-dev", "fakeroot", "gcc"],
};

async function run(input: Input, context: StepContext): Promise<void> {
  const isConfigured = input.configure !== undefined && (await configureApart(input.configure, configuring(input), context));
  const source = await stampChangelog(context);
  await labelPackages(source.version, isConfigured, input.packages, context);
  await writeNote(makeNote({ ...source, architecture: context.arch }, context.label), context);
  await build(input, context, "--target=build");
  // Packaging uses one core at most. Jobs that need only compiled files can start now.
  context.onReady();
  await build(input, context, "--build=binary");
  await collect(input, context);
}

/** Debian's rules up to `configure`, without the note, which has the version. */
function configuring(input: Input): Configure {
  return {
    prepare: async (parts, stage) => {
      await changeFile("rules", (text) => rulesFor(parts, text), stage);
      await writeNote("{}", stage);
    },
    command: (stage) => ({ ...environmentOf(input, stage), options: crossSettings(stage).args.join(" ") }),
    run: async (_parts, stage) => build(input, stage, "--target=build"),
  };
}

async function build(input: Input, context: StepContext, what: string): Promise<void> {
  const args = [...crossSettings(context).args, "--no-pre-clean", "--unsigned-source", "--unsigned-changes", what];
  await runProgram("dpkg-buildpackage", args, environmentOf(input, context), context);
}

function environmentOf(input: Input, context: StepContext): Readonly<Record<string, string>> {
  return {
    ...crossSettings(context).env,
    // Ubuntu optimises when it links (dpkg-buildflags(1), `lto`), Debian does not: every distribution
    // gets the code that was tried. debian/rules may set DEB_BUILD_MAINT_OPTIONS; this one counts more.
    DEB_BUILD_OPTIONS: ["nocheck", `parallel=${context.parallel}`, "optimize=-lto", ...input.options].join(" "),
    DEB_BUILD_MAINT_OPTIONS: "hardening=+all",
    ...appendFlags(context),
    // configure and libtool prefer bash (autoconf, "config.status Invocation"); Debian's sh is
    // faster.
    CONFIG_SHELL: "/bin/sh",
    ...input.env,
  };
}

/**
 * Appends flags for compilers: the plan's, and the maps that take the folders of this run out of the
 * result, so that it is the same in every folder. dpkg maps only `src/`, and nothing where the path
 * has other characters than `[A-Za-z0-9+.:/_~-]` (dpkg-buildflags(1), fixfilepath). The folder of
 * another job gets the path that it has from here. The last map that fits is used.
 */
function appendFlags({ dir, flags }: StepContext): Readonly<Record<string, string>> {
  const job = truePath(dir);
  const src = join(job, "src");
  // ccache makes paths relative to the current folder before gcc sees them: the last two maps do the
  // same where Open vSwitch and OVN are compiled with absolute paths.
  const maps = [
    [dirname(job), "../.."],
    [src, "."],
    [`${src}/../..`, "../.."],
    [`${src}/debian`, "../debian"],
  ]
    .map(([from = "", to = ""]) => `-ffile-prefix-map=${from}=${to}`)
    .join(" ");
  // ld(1) reads its options from the file: no shell and no make has to quote the JSON of the note.
  const link = { DEB_LDFLAGS_APPEND: `-Wl,@${join(job, noteOptions)}` };
  const own = { CFLAGS: flags, CXXFLAGS: flags, OBJCFLAGS: "", OBJCXXFLAGS: "", FFLAGS: "", FCFLAGS: "" };
  const compile = Object.entries(own).map(([name, value]) => [`DEB_${name}_APPEND`, `${value} ${maps}`.trim()]);
  return { ...Object.fromEntries(compile), ...link };
}

/** What the newest entry of debian/changelog names. */
interface SourcePackage {
  readonly name: string;
  readonly version: string;
}

/** Options of ld(1) that write the package note into programs and libraries. */
const noteOptions = "tmp/package-note";

async function writeNote(note: string, { dir }: StepContext): Promise<void> {
  const quoted = note.replaceAll(/[\\']/g, "\\$&");
  await writeTemporary(join(dir, noteOptions), `'--package-metadata=${quoted}'\n`);
}

/** Changes a file of debian/, and returns what it was. */
async function changeFile(name: string, edit: (text: string) => string, { dir }: StepContext): Promise<string> {
  const path = join(dir, "src/debian", name);
  const { mode } = await stat(path);
  const text = await readText(path, "a source file");
  await writeTemporary(path, edit(text));
  await chmod(path, mode);
  return text;
}

/** Writes into debian/ who makes the packages, how each gets its SBOM, and that the source is configured. */
async function labelPackages(
  version: string,
  isConfigured: boolean,
  packages: readonly string[],
  context: StepContext,
): Promise<void> {
  const { dir, label } = context;
  const control = await changeFile("control", (text) => onlyPackages(ownControl(text, label), packages), context);
  await changeFile("rules", (text) => rulesToPack(ownRules(isConfigured ? rulesFor(["compile"], text) : text)), context);
  for (const one of binaryPackages(control))
    await writeTemporary(join(dir, "src", sbomFolder, `${one.name}.cdx.json`), packageSbom(one, version, label));
}

/**
 * Adds an entry on top of the base's debian/changelog. It has the base's version with our suffix,
 * the package name in small letters (OVN's own entry says `OVN`, which dpkg refuses), a bullet for each
 * patch and the date of the patched commit. The program's own version (AC_INIT) stays as upstream has it.
 */
async function stampChangelog(context: StepContext): Promise<SourcePackage> {
  const path = join(context.dir, "src/debian/changelog");
  const old = await readText(path, "a source file").catch((cause: unknown) => {
    const why = refusalOf(cause);
    const what = why === undefined ? "The source has no debian/changelog" : `debian/changelog cannot be read (${why})`;
    throw new BuildError("build", `${what}, so it cannot be built as a Debian package.`, { cause });
  });
  const top = /^(\S+) \(([^)]+)\) (\S+);/.exec(old);
  if (top === null) throw new BuildError("build", "The first line of debian/changelog is not a Debian changelog entry.");
  const [, theirs = "", base = "", suite = ""] = top;
  const [name, version] = [theirs.toLowerCase(), `${base}${context.versionSuffix}`];
  await writeTemporary(path, `${changelogEntry(context.label, `${name} (${version}) ${suite}`)}\n${old}`);
  return { name, version };
}

/**
 * Moves packages, which dpkg writes beside `src/`, to `out/`. Ubuntu's debug packages are named
 * `.ddeb`; they are like any other package. Throws "build" when one is missing.
 */
async function collect(input: Input, context: StepContext): Promise<void> {
  const built = (await readdir(context.dir)).filter((file) => /\.d?deb$/.test(file));
  const nameOf = (file: string) => file.slice(0, file.indexOf("_"));
  const missing = input.packages.filter((name) => !built.some((file) => nameOf(file) === name));
  if (missing.length > 0)
    throw new BuildError("build", `The build succeeded without making ${missing.map((name) => `\`${name}\``).join(", ")}.`);
  await mkdir(join(context.dir, "out/debug"), { recursive: true });
  for (const file of built) {
    const isApart = nameOf(file).endsWith("-dbgsym") && input.dbgsym !== "beside";
    const folder = isApart ? "out/debug" : "out";
    await rename(join(context.dir, file), join(context.dir, folder, file.replace(/\.ddeb$/, ".deb")));
  }
}
