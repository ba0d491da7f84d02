import { mkdir, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { makeResources } from "../label/pe-resource.ts";
import { truePath } from "../sys/disk.ts";
import { checkWindowsProgram } from "../verify/windows-program.ts";
import { pathSchema } from "../sys/schemas.ts";
import { autoreconfAhead, configureApart, configureSchema, type Configure, type ConfigurePart } from "./configure.ts";
import { runProgram, type StepContext, type StepKind } from "./step.ts";
import { writeTemporary } from "../sys/write-whole.ts";

/** GNU's name of the target. The names of cross tools begin with it. */
const triple = "x86_64-w64-mingw32";

const schema = z
  .strictObject({
    configure: z
      .array(z.string().regex(/^--/, "expected an option that starts with `--`"))
      .describe("Options of ./configure, besides --host and the flags."),
    cflags: z.string().default("").describe("Compiler flags besides those of the variant."),
    ldflags: z.string().default("").describe("Linker flags."),
    programs: z.array(pathSchema).min(1).describe("Programs to build: their make targets, without `.exe`."),
    configureFrom: configureSchema.exactOptional(),
    dlls: z.array(z.string().min(1)).describe("DLLs of Windows that programs may import. Any other import fails the step."),
  })
  .describe(
    "Cross-compiles programs for Windows with MinGW-w64, strips them into `stage/` and checks imports, hardening and time stamp.",
  );

type Input = z.infer<typeof schema>;

/**
 * What comes before the programs. Only `make all` makes generated headers by itself, but it makes too
 * much else; those of upstream's test programs are left out. config.h, which nearly every file includes
 * first, includes all headers of Windows. gcc takes the precompiled one where the flags are the same,
 * else it reads the text. Objects are the same, so ccache, which only sees the text, is right.
 */
const beforeCompiling = `include Makefile
kovn-first: $(filter-out tests/%,$(BUILT_SOURCES)) $(addsuffix .gch,$(wildcard config.h))
config.h.gch: config.h
\tCCACHE_DISABLE=1 $(COMPILE) -x c-header -o $@ ./config.h
`;

/**
 * `uses: mingw`: cross-compiles `src/` (boot.sh, configure, make) with MinGW-w64. Stripped programs
 * go to `stage/`, their debug information to `out/debug/`, where gdb finds it by the debug link.
 * Each program is checked: imports, hardening, no time stamp.
 */
export const mingw: StepKind<"mingw", Input> = {
  name: "mingw",
  schema,
  run,
  begin: async (input, context) => {
    if (input.configureFrom !== undefined) await autoreconfAhead(input.configureFrom, configuring(input), context);
  },
  makes: ({ programs }) => programs.map((program) => `${basename(program)}.exe`),
  packages: [
    "autoconf",
    "automake",
    "binutils-mingw-w64-x86-64",
    "gcc-mingw-w64-x86-64-posix",
    "libtool",
    "make",
    "mingw-w64-x86-64-dev",
  ],
  crossCompiles: true,
};

async function run(input: Input, context: StepContext): Promise<void> {
  const isConfigured =
    input.configureFrom !== undefined && (await configureApart(input.configureFrom, configuring(input), context));
  await compileResources(context);
  if (!isConfigured) await configure(["autoreconf", "configure"], input, context);
  const first = join(context.dir, "tmp/first.mk");
  await writeTemporary(first, beforeCompiling);
  await runProgram("make", [`--jobs=${context.parallel}`, `--file=${first}`, "kovn-first"], ownEnv, context);
  const programs = input.programs.map((program) => `${program}.exe`);
  await runProgram("make", [`--jobs=${context.parallel}`, ...programs], ownEnv, context);
  await rm(join(context.dir, "src/config.h.gch"), { force: true });
  // What follows uses one core at most. Jobs that need only compiled files can start now.
  context.onReady();
  await mkdir(join(context.dir, "stage"), { recursive: true });
  await mkdir(join(context.dir, "out/debug"), { recursive: true });
  for (const program of programs) await finish(program, input, context);
}

/**
 * pkg-config would find libraries of the machine. The cross assembler, too, decides the result, and
 * ccache does not look at it by itself. CONFIG_SHELL: as in step `deb`.
 */
const ownEnv = { PKG_CONFIG: "/bin/false", CCACHE_EXTRAFILES: `/usr/bin/${triple}-as`, CONFIG_SHELL: "/bin/sh" };

/** `boot.sh` and `configure`, without the label, which has the version. */
function configuring(input: Input): Configure {
  return {
    prepare: async (_parts, stage) => writeTemporary(linkOptions(stage), ""),
    command: (stage) => ({ ...ownEnv, options: configureOptions(input, stage).join(" ") }),
    run: async (parts, stage) => configure(parts, input, stage),
  };
}

async function configure(parts: readonly ConfigurePart[], input: Input, context: StepContext): Promise<void> {
  if (parts.includes("autoreconf")) await runProgram("./boot.sh", [], ownEnv, context);
  if (parts.includes("configure")) await runProgram("./configure", configureOptions(input, context), ownEnv, context);
}

function configureOptions(input: Input, context: StepContext): readonly string[] {
  // The folder of the run, in which the jobs' folders are, must not be part of the result. ccache makes
  // paths relative before gcc sees them, but not those in a precompiled header: these maps do the same.
  const job = truePath(context.dir);
  const maps = [`${dirname(job)}=../..`, `${job}=./${basename(job)}`].map((map) => `-ffile-prefix-map=${map}`);
  const cflags = [context.flags, input.cflags, ...maps];
  const ldflags = [input.ldflags, `-Wl,@${linkOptions(context)}`];
  const variables = Object.entries({ CFLAGS: cflags, LDFLAGS: ldflags });
  const flags = variables.map(([name, words]) => `${name}=${words.filter((word) => word !== "").join(" ")}`);
  return [`--host=${triple}`, "--disable-dependency-tracking", ...input.configure, ...flags];
}

/** Options of ld(1) that link the resources. What configure generates names this file, not what is in it. */
function linkOptions({ dir }: StepContext): string {
  return join(truePath(dir), "tmp/link-label");
}

/** Compiles the resources that every program gets: its version and its label. */
async function compileResources(context: StepContext): Promise<void> {
  const folder = join(truePath(context.dir), "tmp");
  const { version, revision, label } = context;
  await writeTemporary(join(folder, "label.json"), JSON.stringify(label));
  const text = makeResources({ version: `${version}${context.versionSuffix}`, revision }, label, "label.json");
  await writeTemporary(join(folder, "label.rc"), text);
  const files = ["--include-dir=../tmp", "--input=../tmp/label.rc", "--output=../tmp/label.o"];
  await runProgram(`${triple}-windres`, files, ownEnv, context);
  await writeTemporary(linkOptions(context), `"${join(folder, "label.o").replaceAll(/[\\"]/g, "\\$&")}"\n`);
}

/** Splits a program into the program itself and its debug information, and checks it. */
async function finish(program: string, { dlls }: Input, context: StepContext): Promise<void> {
  const built = join(context.dir, "src", program);
  const debug = join(context.dir, "out/debug", `${basename(program)}.debug`);
  const staged = join(context.dir, "stage", basename(program));
  // Without this, objcopy writes the current time into its output.
  const env = { SOURCE_DATE_EPOCH: "0" };
  await runProgram(`${triple}-objcopy`, ["--only-keep-debug", built, debug], env, context);
  await runProgram(`${triple}-objcopy`, ["--strip-all", `--add-gnu-debuglink=${debug}`, built, staged], env, context);
  const imports = await checkWindowsProgram(staged, dlls, context.host);
  await context.onLines([`kovn-build: ${basename(program)} imports ${imports.join(" ")}`]);
}
