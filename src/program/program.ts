import { Command, CommanderError, Option } from "commander";
import type { DoctorOptions } from "../commands/doctor.ts";
import type { PlanOptions } from "../commands/plan.ts";
import type { RequestOptions } from "../run/request.ts";
import { addCache } from "./cache.ts";
import type { Context } from "./context.ts";
import { addPatches } from "./patches.ts";
import { addRelease } from "./release.ts";
import { usageError } from "./usage.ts";
import { collect, positive, requestOptions } from "./values.ts";
import { plainReporter } from "../report/plain.ts";

interface BuildFlags extends RequestOptions {
  readonly jobs: number;
  readonly out: string;
  readonly installDeps: boolean;
  readonly cache: boolean;
  readonly keepGoing: boolean;
  readonly remoteCache?: string;
  readonly json: boolean;
  readonly verbose: boolean;
}

const examples = `
Examples:
  kovn-build --target linux --only ovs            patched Open vSwitch debs in dist/linux
  kovn-build --target windows --only ovs          Open vSwitch for Windows: installer, zip, debug files
  kovn-build doctor --target linux                what this machine lacks, and what mends it
  kovn-build plan --target linux                  what that will do, without doing it
  kovn-build --target linux --from ovs=../ovs     take the pinned commit from a clone
  kovn-build patches list                         what becomes of each Kube-OVN change
  kovn-build patches apply ovs work/ovs           the patched tree as commits, to work on
  kovn-build publish --to apt=/srv/apt            what was built as an apt repository
  kovn-build release notes                        what changed since the last release

Exit codes: 0 done, 1 failed, 2 wrong arguments or project files, 130/143 interrupted.`;

/** Runs a command line (without node and script). Throws "usage" when its words are wrong, and whatever its command throws. */
export async function runProgram(words: readonly string[], context: Context): Promise<void> {
  const program = makeProgram(context);
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version end so as well.
    if (error.exitCode === 0) return;
    throw usageError(error, program, words);
  }
}

/** Each command's options, and the call that it is. */
function makeProgram(context: Context): Command {
  const { version, node, machine, cores, isRoot, host, actions, project, print, tell, makeReporter } = context;
  const program = new Command("kovn-build")
    .description(
      "Builds Open vSwitch and OVN as Kube-OVN ships them: upstream at a pinned commit, the patch series, debs and binaries.",
    )
    .version(version)
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .addHelpText("after", examples);

  requestOptions(
    program
      .command("build", { isDefault: true })
      .description("build and put the artifacts into dist/<target> (the default command)"),
  )
    .option("--jobs <n>", "parallel processes of a build step, and the most jobs at once", positive, cores)
    .option("--out <dir>", "folder for results", "dist")
    .option("--install-deps", "install missing Debian packages (needs root)", false)
    .option("--keep-going", "when a job fails, finish those that do not need it", false)
    .addOption(
      new Option(
        "--remote-cache <url>",
        "compilations of other machines: redis://HOST or http://HOST/PATH, as ccache's remote_storage has it",
      ).conflicts("cache"),
    )
    .option("--no-cache", "build everything; take nothing from the cache and keep nothing in it")
    .option("--verbose", "show the output of all jobs", false)
    .action(async (options: BuildFlags) => {
      const reporter = await makeReporter(options);
      const { buildCommand } = await import("../commands/build.ts");
      const builder = { name: "kovn-build", version, node, ...actions?.run };
      try {
        await buildCommand(options, { project: await project(), machine, reporter, isRoot, builder, host });
      } finally {
        await reporter.close();
      }
    });

  requestOptions(program.command("plan").description("print what `build` will run: no network, no root"))
    .addOption(new Option("--mermaid", "the graph of jobs and steps as a Mermaid flowchart").default(false).conflicts("json"))
    .addOption(
      new Option("--github-matrix", "the jobs of a workflow that build every target, or the one that is named")
        .default(false)
        .implies({ target: "" }),
    )
    .action(async (options: PlanOptions & { readonly githubMatrix: boolean }) => {
      if (options.githubMatrix) {
        const { planMatrix } = await import("../commands/plan-matrix.ts");
        return print(await planMatrix(options, await project(), host, actions));
      }
      const { planCommand } = await import("../commands/plan.ts");
      print(await planCommand(options, await project(), machine, host));
    });

  program
    .command("doctor")
    .description("what this machine lacks for a target, and the command that mends it")
    .requiredOption("--target <target>", "what to build for: linux, windows")
    .option("--toolchain <name>", "for windows: mingw | msvc; default: the one for this machine")
    .option("--only <job>", "only this job and what it needs; may be repeated", collect, [])
    .option("--jobs <n>", "parallel processes of a build step", positive, cores)
    .option("--fix", "install missing Debian packages (needs root)", false)
    .option("--json", "machine-readable output on stdout", false)
    .action(async (options: DoctorOptions) => {
      const { doctorCommand } = await import("../commands/doctor.ts");
      const { emit } = plainReporter(tell, print, false);
      await doctorCommand(options, { project: await project(), machine, isRoot, host, emit, print });
    });

  addPatches(program, context);
  addRelease(program, context);
  addCache(program, context);
  return program;
}
