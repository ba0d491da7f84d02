import { Option, type Command } from "commander";
import type { ProveCommand } from "../commands/patches/prove.ts";
import type { SuiteCommand } from "../commands/patches/suite.ts";
import { collect, positive } from "./values.ts";
import type { Context } from "./context.ts";
import { plainReporter } from "../report/plain.ts";

/** Adds `patches` with its commands. */
export function addPatches(program: Command, { host, project, cores, print, tell, makeSuiteReporter }: Context): void {
  const patches = program.command("patches").description("work on the patch series");

  patches
    .command("list")
    .description("each Kube-OVN change of the specification, and what becomes of it")
    .option("--line <line>", "release line; default: the newest")
    .option("--json", "machine-readable output", false)
    .action(async (options: { line?: string; json: boolean }) => {
      const { patchesList } = await import("../commands/patches/list.ts");
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
      const { patchesApply } = await import("../commands/patches/apply.ts");
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
      const { patchesExport } = await import("../commands/patches/export.ts");
      print(await patchesExport(source, dir, options, await project(), host));
    });

  patches
    .command("check")
    .description("check the series of every line: files, bases, lock, what is merged upstream, the pair of pins")
    .option("--from <where>", "SOURCE=PATH_OR_URL: take the pinned commit from there; may be repeated", collect, [])
    .option("--json", "machine-readable output", false)
    .action(async (options: { from: readonly string[]; json: boolean }) => {
      const { patchesCheck } = await import("../commands/patches/check.ts");
      await patchesCheck(options, await project(), host, print);
    });

  patches
    .command("lock")
    .description("renew patches/<line>/lock.json: the series as it is, and the commits that it makes of each base")
    .option("--line <line>", "release line; default: the newest")
    .option("--from <where>", "SOURCE=PATH_OR_URL: take the pinned commit from there; may be repeated", collect, [])
    .action(async (options: { line?: string; from: readonly string[] }) => {
      const { patchesLock } = await import("../commands/patches/lock.ts");
      print(await patchesLock(options, await project(), host, plainReporter(tell, print, false).emit));
    });

  patches
    .command("prove")
    .description("run built programs and see whether they do what each entry demands; no root, no kernel datapath")
    .argument("[entries...]", "numbers of entries; default: all")
    .requiredOption(
      "--programs <dir>",
      "built programs, anywhere below: a build tree, unpacked packages, a folder of debs or zips, a zip",
    )
    .option("--before <dir>", "unpatched programs, to see the difference on")
    .option("--only <source>", "only entries of this source, whose programs must be there")
    .addOption(
      new Option("--runner <runner>", "wine: Windows programs, in a Wine of their own")
        .choices(["native", "wine"])
        .default("native"),
    )
    .option("--json", "machine-readable output", false)
    .action(async (entries: string[], options: ProveCommand) => {
      const { patchesProve } = await import("../commands/patches/prove.ts");
      await patchesProve(entries, options, await project(), host, print, tell);
    });

  patches
    .command("suite")
    .description("run upstream's own tests on the patched tree; goes on where an earlier run was interrupted")
    .argument("<source>", "such as ovs")
    .option(
      "--groups <words>",
      "only tests with these words in title or keywords, of files (`bfd.at`), or numbers, with commas between",
      commas,
    )
    .addOption(new Option("--own", "only the tests that the series adds or changes").default(false).conflicts("groups"))
    .option("--jobs <n>", "tests at once, and parallel processes of make", positive, cores)
    .addOption(
      new Option(
        "--against <tree>",
        "run what fails each time on this tree too, and fail only if it does not fail there",
      ).choices(["unpatched"]),
    )
    .option("--line <line>", "release line; default: the newest")
    .option("--from <where>", "auto | git | apt | SOURCE=PATH_OR_URL; may be repeated", collect, [])
    .option("--json", "machine-readable output", false)
    .action(async (source: string, options: SuiteFlags) => {
      const { patchesSuite } = await import("../commands/patches/suite.ts");
      const reporter = await makeSuiteReporter();
      try {
        await patchesSuite(source, { groups: [], ...options }, await project(), host, reporter.emit, print);
      } finally {
        reporter.close();
      }
    });
}

type SuiteFlags = Omit<SuiteCommand, "groups"> & Partial<Pick<SuiteCommand, "groups">>;

function commas(value: string): readonly string[] {
  return value.split(",").map((word) => word.trim());
}
