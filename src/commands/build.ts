import { Option } from "commander";
import { distFolder } from "../config/project.ts";
import { BuildError } from "../errors.ts";
import { listOf } from "../list.ts";
import type { Context } from "../program/context.ts";
import { examples, mirrorOption, positive, requestOptions, runnerOption, variantsOf, variantsOption } from "../program/values.ts";
import type { Define } from "../program/verb.ts";
import { readRequest } from "../run/request.ts";
import type { FailedJob } from "../run/context.ts";
import { parseMirrors } from "../root/mirrors.ts";
import { openShell, type OpenShellOptions, type Shell } from "../run/open-shell.ts";
import type { BuildOptions } from "../run/prepare.ts";
import { runLimits } from "../run/prune-runs.ts";
import { runBuild } from "../run/run-build.ts";
import type { Host } from "../sys/exec.ts";

interface BuildFlags extends Omit<BuildOptions, "out" | "variant"> {
  readonly variant: readonly string[];
  readonly out?: string;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly shellOnFailure: boolean;
  readonly verify: boolean;
}

/** `kovn-build build`: reads, plans and builds. */
export const build: Define = (command, context) => {
  requestOptions(command, { variant: variantsOption() })
    .option("--jobs <n>", "parallel processes of a build step, and the most jobs at once", positive, context.machine.cores)
    .option("--out <dir>", "folder for results; default: dist in the project's folder")
    .option("--install-deps", "install missing Debian packages, as root or by sudo", false)
    .addOption(runnerOption())
    .addOption(mirrorOption())
    .option("--keep-going", "when a job fails, finish the jobs that do not need it", false)
    .addOption(
      new Option(
        "--remote-cache <url>",
        "share compilations with other machines: redis://HOST or http://HOST/PATH, as ccache's remote_storage",
      ).conflicts("cache"),
    )
    .option("--no-cache", "build everything; use no cached result and cache none")
    .option("--keep-runs <n>", "runs to keep in .kovn/runs, of at most 2 GB", positive, runLimits.keep)
    .addOption(
      new Option("--shell-on-failure", "open a shell in `src/` of the first job that failed, with the environment of its steps")
        .conflicts("json")
        .default(false),
    )
    .addOption(
      new Option(
        "--verify",
        "verify the artifacts at the end, as `kovn-build verify` does; a check that fails ends with exit code 1",
      )
        .conflicts("json")
        .default(false),
    )
    .option("--verbose", "show the output of all jobs", false)
    .addHelpText(
      "after",
      examples(
        ["kovn-build --target linux", "build Open vSwitch and OVN packages"],
        ["kovn-build --target linux --only ovs --install-deps", "build Open vSwitch; install what is missing, as root"],
        ["kovn-build --target linux --variant default --variant legacy", "build both, in dist/linux and dist/linux-legacy"],
        ["kovn-build --target linux --root debian:13", "build packages for Debian 13, in a clean root of it"],
      ),
    )
    .action(async (flags: BuildFlags) => {
      const { machine, host, version, node, actions, report, exposed } = context;
      const shell = flags.shellOnFailure ? shellOf(context) : undefined;
      const project = await context.project();
      const options = { ...flags, out: flags.out ?? distFolder(project) };
      const builder = { name: "kovn-build", version, node, ...actions?.run };
      const failed: FailedJob[] = [];
      const onFailure = (job: FailedJob) => void failed.push(job);
      const variants = variantsOf(flags);
      const mirrors = parseMirrors(options.mirror);
      // A hundred modules.
      const verifier = options.verify
        ? (await import("./verify.ts")).makeVerifier({ project, machine, mirrors }, context)
        : undefined;
      const buildOne = async (variant: string) =>
        report.run(
          async (progress) => {
            if (variant === variants[0]) noticeExposed(exposed, progress.host);
            const built = await runBuild({ ...options, variant }, { ...progress, project, machine, builder, onFailure });
            return verifier === undefined ? [] : verifier.verify(built.folder, progress.host);
          },
          { events: options.json, verbose: options.verbose },
        );
      // What is wrong with one of the requests is thrown before anything runs.
      if (variants.length > 1)
        for (const variant of variants) await readRequest({ ...options, variant }, { project, machine, host });
      const run = buildEach(variants, buildOne, { keepGoing: options.keepGoing, signal: host.signal });
      const verified = await run.catch(async (error: unknown) => {
        if (shell !== undefined) await shellFor(failed, { shell, host, write: report.write });
        throw error;
      });
      verifier?.report(verified);
    });
};

/**
 * Builds each variant, in a run of its own: a later one finds what the others fetched, made and compiled.
 * Returns the results of all. Throws the first error: at once, or in the end with `keepGoing`.
 */
async function buildEach<T>(
  variants: readonly string[],
  buildOne: (variant: string) => Promise<readonly T[]>,
  { keepGoing, signal }: { readonly keepGoing: boolean; readonly signal: AbortSignal },
): Promise<readonly T[]> {
  const results: T[] = [];
  const errors: unknown[] = [];
  for (const variant of variants)
    try {
      results.push(...(await buildOne(variant)));
    } catch (error) {
      if (!keepGoing || signal.aborted) throw error;
      errors.push(error);
    }
  if (errors.length > 0) throw errors[0];
  return results;
}

function noticeExposed(names: readonly string[], { task }: Host): void {
  if (names.length === 0) return;
  const unset = names.map((name) => `-u ${name}`).join(" ");
  task.notice(`Build steps can read ${listOf(names)}: this system keeps them readable. (env ${unset} kovn-build ...)`);
}

/** Opens a shell for the first failed job. Its problems are reported; the build has failed for another reason. */
async function shellFor([job]: readonly FailedJob[], options: OpenShellOptions): Promise<void> {
  if (job === undefined) return options.write("No shell is opened: no program of a job failed.\n");
  await openShell(job, options).catch((error: unknown) => {
    if (!(error instanceof BuildError)) throw error;
    options.write(`${error.message}\n`);
  });
}

/** Throws "usage" where nobody can type. */
function shellOf({ shell }: Context): Shell {
  if (shell !== undefined) return shell;
  throw new BuildError("usage", "`--shell-on-failure` needs a terminal for stdin and stderr, and is refused where `CI` is set.", {
    hint: "leave out the option; the folder of a job that failed stays in .kovn/runs",
  });
}
