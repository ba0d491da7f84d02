import { Option } from "commander";
import { examples, positive, requestOptions } from "../program/values.ts";
import type { Define } from "../program/verb.ts";
import type { BuildOptions } from "../run/prepare.ts";
import { runLimits } from "../run/prune-runs.ts";
import { runBuild } from "../run/run-build.ts";

interface BuildFlags extends BuildOptions {
  readonly json: boolean;
  readonly verbose: boolean;
}

/** `kovn-build build`: reads, plans and builds. */
export const build: Define = (command, context) => {
  requestOptions(command)
    .option("--jobs <n>", "parallel processes of a build step, and the most jobs at once", positive, context.machine.cores)
    .option("--out <dir>", "folder for results", "dist")
    .option("--install-deps", "install missing Debian packages (needs root)", false)
    .option("--keep-going", "when a job fails, finish the jobs that do not need it", false)
    .addOption(
      new Option(
        "--remote-cache <url>",
        "share compilations with other machines: redis://HOST or http://HOST/PATH, as ccache's remote_storage",
      ).conflicts("cache"),
    )
    .option("--no-cache", "build everything; use no cached result and cache none")
    .option("--keep-runs <n>", "runs to keep in .kovn/runs, of at most 2 GB", positive, runLimits.keep)
    .option("--verbose", "show the output of all jobs", false)
    .addHelpText(
      "after",
      examples(
        ["kovn-build --target linux", "build Open vSwitch and OVN packages"],
        ["kovn-build --target linux --only ovs --install-deps", "build Open vSwitch; install what is missing, as root"],
      ),
    )
    .action(async (options: BuildFlags) => {
      const { machine, version, node, actions, report } = context;
      const project = await context.project();
      const builder = { name: "kovn-build", version, node, ...actions?.run };
      await report.run(async (progress) => runBuild(options, { ...progress, project, machine, builder }), {
        events: options.json,
        verbose: options.verbose,
      });
    });
};
