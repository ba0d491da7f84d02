import { Option } from "commander";
import { distFolder } from "../config/project.ts";
import { BuildError } from "../errors.ts";
import type { Context } from "../program/context.ts";
import { examples, fromOption, jsonOption, mirrorOption } from "../program/values.ts";
import type { Define } from "../program/verb.ts";
import { parseMirrors } from "../root/mirrors.ts";
import type { Host } from "../sys/exec.ts";
import { Json } from "../sys/json.ts";
import type { Progress } from "../run/events.ts";
import { allChecks, bytesOnly, withRebuild } from "../trial/registry.ts";
import { showVerifications, verificationMarkdown } from "../verify/show.ts";
import { assertVerified, verify as verifyAll, type Checks, type Verification } from "../verify/verify.ts";

interface VerifyFlags {
  readonly run: boolean;
  readonly rebuild: boolean;
  readonly from: readonly string[];
  readonly mirror: readonly string[];
  readonly json: boolean;
  readonly markdown: boolean;
}

/** `kovn-build verify`: looks at the bytes of built artifacts, installs and runs them. */
export const verify: Define = (command, context) => {
  command
    .argument("[paths...]", "folders of `build`, or files of one (.deb, .msi, .zip); default: dist in the project's folder")
    .option("--no-run", "only look at the bytes: install and run nothing, without root and network")
    .option("--rebuild", "also build all of it a second time, from scratch and elsewhere, and compare every byte", false)
    .addOption(fromOption())
    .addOption(mirrorOption())
    .addOption(jsonOption())
    .addOption(new Option("--markdown", "print Markdown").default(false).conflicts("json"))
    .addHelpText(
      "after",
      examples(
        ["kovn-build verify", "check everything in dist/"],
        ["kovn-build verify dist/linux --markdown", "check the packages, and print a report as Markdown"],
        ["kovn-build verify --no-run", "look at the bytes only, which needs no root of the distribution"],
        ["kovn-build verify --rebuild dist/linux", "also build it again, and compare every byte"],
        ["kovn-build verify dist/windows/OpenvSwitch-3.7.2+kovn1.1a2b3c4d-x64.msi", "check one file of a build"],
      ),
    )
    .action(async (paths: readonly string[], options: VerifyFlags) => {
      const { machine, report, version, node, actions } = context;
      const { run, rebuild, from, mirror } = options;
      if (from.length > 0 && !rebuild)
        throw new BuildError("usage", "`--from` says where `--rebuild` takes sources from, and nothing is built again.", {
          hint: "kovn-build verify --rebuild, or leave out --from",
        });
      const mirrors = parseMirrors(mirror);
      const project = run || rebuild || paths.length === 0 ? await context.project() : undefined;
      const named = paths.length > 0 || project === undefined ? paths : [distFolder(project)];
      const builder = { name: "kovn-build", version, node, ...actions?.run };
      const checksFor = (progress: Progress): Checks => {
        if (project === undefined) return bytesOnly;
        const chosen = run ? allChecks({ project, machine, mirrors }) : bytesOnly;
        return rebuild ? withRebuild(chosen, { ...progress, project, machine, builder, from, mirror }) : chosen;
      };
      const found = await report.run(async (progress) => verifyAll(named, checksFor(progress), progress.host));
      reportVerified(found, context, options);
    });
};

/** Verifies the folders of builds, and prints what was found in all of them. */
interface Verifier {
  verify(folder: string, host: Host): Promise<readonly Verification[]>;
  /** Throws "build" when a check failed. */
  report(found: readonly Verification[]): void;
}

/** What `build --verify` verifies with. */
export function makeVerifier(options: Parameters<typeof allChecks>[0], context: Context): Verifier {
  const checks = allChecks(options);
  return {
    verify: async (folder, host) => verifyAll([folder], checks, host),
    report: (found) => reportVerified(found, context),
  };
}

/** Prints what was found, also into the summary of a workflow. Throws "build" when a check failed. */
function reportVerified(
  found: readonly Verification[],
  { print, actions }: Pick<Context, "print" | "actions">,
  { json = false, markdown = false }: Partial<VerifyFlags> = {},
): void {
  const table = verificationMarkdown(found);
  actions?.summarize(table);
  print(json ? new Json({ schema: 1, verified: found }) : markdown ? table : showVerifications(found));
  assertVerified(found);
}
