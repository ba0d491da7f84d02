import { mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { writeWhole } from "../sys/files.ts";
import { checkWindowsProgram } from "../verify/windows-program.ts";
import { insidePath } from "./path.ts";
import { runProgram, type StepContext, type StepKind } from "./step.ts";

/** The name of the target in GNU's tools, and what their cross tools' names begin with. */
const triple = "x86_64-w64-mingw32";

const schema = z.strictObject({
  configure: z.array(z.string().startsWith("--")).describe("options of ./configure, besides --host and the flags"),
  cflags: z.string().default("").describe("compiler flags besides those of the variant"),
  ldflags: z.string().default("").describe("linker flags"),
  programs: z.array(insidePath).min(1).describe("programs to build, as make calls them, without `.exe`"),
  dlls: z.array(z.string().min(1)).describe("the DLLs of Windows that programs may import; any other is a failure"),
});

type Input = z.infer<typeof schema>;

/**
 * `uses: mingw`: cross-compiles `src/` (boot.sh, configure, make) with MinGW-w64. Programs end stripped in `stage/`, what was stripped in
 * `out/debug/`, where gdb finds it by the program's debug link. Each program is checked: imports, hardening, no time stamp.
 */
export const mingw: StepKind<"mingw", Input> = {
  name: "mingw",
  schema,
  run,
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
  // The machine's own libraries are not the target's, nor is its assembler, by whose content ccache knows an object too.
  const env = { PKG_CONFIG: "/bin/false", CCACHE_EXTRAFILES: `/usr/bin/${triple}-as` };
  // The folder of the run must not be in the result: jobs lie side by side in it.
  const cflags = [context.flags, input.cflags, `-ffile-prefix-map=${dirname(context.dir)}=.`]
    .filter((flag) => flag !== "")
    .join(" ");
  const variables = [`CFLAGS=${cflags}`, ...(input.ldflags === "" ? [] : [`LDFLAGS=${input.ldflags}`])];
  await runProgram("./boot.sh", [], env, context);
  await runProgram(
    "./configure",
    [`--host=${triple}`, "--disable-dependency-tracking", ...input.configure, ...variables],
    env,
    context,
  );
  // Headers that are made first; only `make all` knows that by itself, and it makes much that is not wanted here.
  const first = join(context.dir, "tmp/first.mk");
  await writeWhole(first, "include Makefile\nkovn-built-sources: $(BUILT_SOURCES)\n");
  await runProgram("make", [`--jobs=${context.parallel}`, `--file=${first}`, "kovn-built-sources"], env, context);
  const programs = input.programs.map((program) => `${program}.exe`);
  await runProgram("make", [`--jobs=${context.parallel}`, ...programs], env, context);
  await mkdir(join(context.dir, "stage"), { recursive: true });
  await mkdir(join(context.dir, "out/debug"), { recursive: true });
  for (const program of programs) await finish(program, input, context);
}

/** Splits a program into what runs and what a debugger reads, and checks it. */
async function finish(program: string, { dlls }: Input, context: StepContext): Promise<void> {
  const built = join(context.dir, "src", program);
  const debug = join(context.dir, "out/debug", `${basename(program)}.debug`);
  const staged = join(context.dir, "stage", basename(program));
  // objcopy would put this time into what it writes.
  const env = { SOURCE_DATE_EPOCH: "0" };
  await runProgram(`${triple}-objcopy`, ["--only-keep-debug", built, debug], env, context);
  await runProgram(`${triple}-objcopy`, ["--strip-all", `--add-gnu-debuglink=${debug}`, built, staged], env, context);
  const imports = await checkWindowsProgram(staged, dlls, context.host);
  await context.onLines([`kovn-build: ${basename(program)} imports ${imports.join(" ")}`]);
}
