#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { DoctorOptions } from "./commands/doctor.ts";
import type { RequestOptions } from "./commands/request.ts";
import { findProject } from "./config/project.ts";
import { BuildError, exitCode } from "./errors.ts";
import { jsonReporter } from "./report/json.ts";
import { makeMask } from "./report/mask.ts";
import { plainReporter } from "./report/plain.ts";
import type { Reporter } from "./report/reporter.ts";

// The only file that reads `process`: everything below gets values.
const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
const abort = new AbortController();

/** Debian's names of Node's architectures. */
const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };
const machine = { arch: architectures[process.arch] ?? process.arch };

/** The part of the user's environment that programs of ours may see: to be found, to reach the network, to log in by ssh. */
const passed = [
  "PATH",
  "HOME",
  "TMPDIR",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "HTTPS_PROXY",
  "NO_PROXY",
  "SSH_AUTH_SOCK",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];
const env = Object.fromEntries(passed.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
const mask = makeMask(process.env);
const host = { env, signal: abort.signal, mask };

const print = (text: string) => void process.stdout.write(mask(text));
const tell = (text: string) => void process.stderr.write(mask(text));
const project = () => findProject(process.cwd(), packageRoot);

const collect = (value: string, all: readonly string[]) => [...all, value];

function positive(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError("A positive whole number is wanted.");
  return number;
}

function requestOptions(command: Command): Command {
  return command
    .requiredOption("--target <target>", "what to build for: linux")
    .option("--line <line>", "release line; default: the newest in patches/")
    .option("--only <job>", "only this job and what it needs; may be repeated", collect, [])
    .option("--from <where>", "auto | git | apt | SOURCE=PATH_OR_URL: where sources come from; may be repeated", collect, [])
    .option("--variant <variant>", "set of compiler flags", "default")
    .option("--arch <arch>", "architecture; must be this machine's")
    .option("--unlocked", "use a series that differs from patches/<line>/lock.json", false)
    .option("--json", "machine-readable output on stdout", false);
}

async function makeReporter(options: { readonly json: boolean; readonly verbose: boolean }): Promise<Reporter> {
  if (options.json) return jsonReporter(print, options.verbose);
  const live = process.stderr.isTTY && !options.verbose && process.env["CI"] === undefined && process.env["TERM"] !== "dumb";
  if (!live) return plainReporter(tell, print, options.verbose);
  const { terminalReporter } = await import("./report/terminal.ts");
  return terminalReporter(process.stderr, print);
}

interface BuildFlags extends RequestOptions {
  readonly jobs: number;
  readonly out: string;
  readonly installDeps: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
}

const program = new Command("kovn-build")
  .description(
    "Builds Open vSwitch and OVN as Kube-OVN ships them: upstream at a pinned commit, the patch series, debs and binaries.",
  )
  .version(version)
  .showSuggestionAfterError()
  .exitOverride()
  .configureOutput({ writeErr: () => undefined })
  .addHelpText(
    "after",
    `
Examples:
  kovn-build --target linux --only ovs            patched Open vSwitch debs in dist/linux
  kovn-build doctor --target linux                what this machine lacks, and what mends it
  kovn-build plan --target linux                  what that will do, without doing it
  kovn-build --target linux --from ovs=../ovs     take the pinned commit from a clone
  kovn-build patches list                         what becomes of each Kube-OVN change
  kovn-build patches apply ovs work/ovs           the patched tree as commits, to work on

Exit codes: 0 done, 1 failed, 2 wrong arguments or project files, 130/143 interrupted.`,
  );

requestOptions(
  program
    .command("build", { isDefault: true })
    .description("build and put the artifacts into dist/<target> (the default command)"),
)
  .option("--jobs <n>", "parallel processes of a build step, and the most jobs at once", positive, availableParallelism())
  .option("--out <dir>", "folder for results", "dist")
  .option("--install-deps", "install missing Debian packages (needs root)", false)
  .option("--verbose", "show the output of all jobs", false)
  .action(async (options: BuildFlags) => {
    const reporter = await makeReporter(options);
    const { buildCommand } = await import("./commands/build.ts");
    const isRoot = process.getuid?.() === 0;
    const builder = { name: "kovn-build", version, node: process.versions.node };
    try {
      await buildCommand(options, { project: await project(), machine, reporter, isRoot, builder, host });
    } finally {
      await reporter.close();
    }
  });

requestOptions(program.command("plan").description("print what `build` will run: no network, no root")).action(
  async (options: RequestOptions & { json: boolean }) => {
    const { planCommand } = await import("./commands/plan.ts");
    print(await planCommand(options, await project(), machine, host));
  },
);

program
  .command("doctor")
  .description("what this machine lacks for a target, and the command that mends it")
  .requiredOption("--target <target>", "what to build for: linux")
  .option("--only <job>", "only this job and what it needs; may be repeated", collect, [])
  .option("--jobs <n>", "parallel processes of a build step", positive, availableParallelism())
  .option("--fix", "install missing Debian packages (needs root)", false)
  .option("--json", "machine-readable output on stdout", false)
  .action(async (options: DoctorOptions) => {
    const { doctorCommand } = await import("./commands/doctor.ts");
    const { emit } = plainReporter(tell, print, false);
    await doctorCommand(options, { project: await project(), isRoot: process.getuid?.() === 0, host, emit, print });
  });

const patches = program.command("patches").description("work on the patch series");

patches
  .command("list")
  .description("each Kube-OVN change of the specification, and what becomes of it")
  .option("--line <line>", "release line; default: the newest")
  .option("--json", "machine-readable output", false)
  .action(async (options: { line?: string; json: boolean }) => {
    const { patchesList } = await import("./commands/patches-list.ts");
    print(await patchesList(options, await project(), host));
  });

patches
  .command("apply")
  .description("make the patched tree of a source in a new folder, a commit for each patch")
  .argument("<source>", "such as ovs")
  .argument("<dir>", "folder that does not exist yet")
  .option("--line <line>", "release line; default: the newest")
  .option("--from <where>", "auto | git | apt | SOURCE=PATH_OR_URL", collect, [])
  .option("--until <patch>", "apply only the patches before this one")
  .action(async (source: string, dir: string, options: { line?: string; from: readonly string[]; until?: string }) => {
    const { patchesApply } = await import("./commands/patches-apply.ts");
    const reporter = plainReporter(tell, print, false);
    print(await patchesApply(source, dir, options, await project(), host, reporter.emit));
  });

patches
  .command("export")
  .description("write the commits of a folder made by `patches apply` back as the series; unchanged patches stay as they are")
  .argument("<source>", "such as ovs")
  .argument("<dir>", "the folder")
  .option("--line <line>", "release line; default: the newest")
  .action(async (source: string, dir: string, options: { line?: string }) => {
    const { patchesExport } = await import("./commands/patches-export.ts");
    print(await patchesExport(source, dir, options, await project(), host));
  });

patches
  .command("check")
  .description("check the series of every line: files, bases, lock, what is merged upstream, the pair of pins")
  .option("--from <where>", "SOURCE=PATH_OR_URL: take the pinned commit from there; may be repeated", collect, [])
  .option("--json", "machine-readable output", false)
  .action(async (options: { from: readonly string[]; json: boolean }) => {
    const { patchesCheck } = await import("./commands/patches-check.ts");
    await patchesCheck(options, await project(), host, print);
  });

patches
  .command("lock")
  .description("renew patches/<line>/lock.json: the series as it is, and the commits that it makes of each base")
  .option("--line <line>", "release line; default: the newest")
  .option("--from <where>", "SOURCE=PATH_OR_URL: take the pinned commit from there; may be repeated", collect, [])
  .action(async (options: { line?: string; from: readonly string[] }) => {
    const { patchesLock } = await import("./commands/patches-lock.ts");
    print(await patchesLock(options, await project(), host, plainReporter(tell, print, false).emit));
  });

patches
  .command("prove")
  .description("run built programs and see whether they do what each entry demands; no root, no kernel datapath")
  .argument("[entries...]", "numbers of entries; default: all")
  .requiredOption("--programs <dir>", "built programs, anywhere below: a build tree, unpacked packages, or a folder of debs")
  .option("--before <dir>", "unpatched programs, to see the difference on")
  .option("--only <source>", "only entries of this source, whose programs must be there")
  .option("--json", "machine-readable output", false)
  .action(async (entries: string[], options: { programs: string; before?: string; only?: string; json: boolean }) => {
    const { patchesProve } = await import("./commands/patches-prove.ts");
    await patchesProve(entries, options, await project(), host, print, tell);
  });

/** What a failure looks like: for a person its message and what to type next; for a bug the stack. Answers with the exit code. */
function showError(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    tell(`${error.message.replace(/^error: /, "")}\n  -> kovn-build --help\n`);
    return 2;
  }
  if (!(error instanceof BuildError)) {
    tell(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\nThis is a bug of kovn-build.\n`);
    return 1;
  }
  tell(`${error.message}\n${error.hint === undefined ? "" : `  -> ${error.hint}\n`}`);
  return exitCode(error);
}

/** This command line, to be typed again. */
function ownCommand(): string {
  const words = process.argv
    .slice(2)
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  return ["kovn-build", ...words].join(" ");
}

const stops = { SIGHUP: 129, SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;
let stopped: keyof typeof stops | undefined;

/** Ends everything that runs; the command then ends with an error. What hangs nevertheless (a dead file system) is left behind. */
function stop(signal: keyof typeof stops): void {
  stopped ??= signal;
  abort.abort(new BuildError("build", `Stopped by ${stopped}. Results are as they were.`, { hint: ownCommand() }));
  // oxlint-disable-next-line no-process-exit
  setTimeout(() => process.exit(stops[signal]), 4700).unref();
}

for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) process.on(signal, () => stop(signal));
// The reader of our output went away, or the terminal.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => stop("SIGPIPE"));

process.umask(0o022);
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = stopped === undefined ? showError(error) : stops[stopped];
  if (stopped !== undefined) showError(abort.signal.reason);
}
