import type { Command } from "commander";
import type { PublishCommand } from "../commands/publish.ts";
import type { NextOptions } from "../commands/release/next.ts";
import type { NotesOptions, PlanOptions } from "../commands/release/plan.ts";
import { collect, positive } from "./values.ts";
import type { Context } from "./context.ts";

const places = "apt=DIR | dir=DIR | tar=FILE | github[=OWNER/REPO]";

/** Adds `publish` and `release …` to the program. */
export function addRelease(program: Command, context: Context): void {
  addPublish(program, context);
  const release = program.command("release").description("versions of a release line, and what changed between them");
  addNext(release, context);
  addPlan(release, context);
  addNotes(release, context);
  addCut(release, context);
}

function allowOptions(command: Command): Command {
  return command
    .option("--allow-alternate", "take artifacts that were built on an alternate base; recorded", false)
    .option("--allow-unlocked", "take artifacts of a series that differs from its lock; recorded", false);
}

function addPublish(program: Command, { project, host, print, tell, github, actions }: Context): void {
  const command = program
    .command("publish")
    .description("put built artifacts where users get them; all checks come first, and a repeated publish changes nothing")
    .argument("[artifacts...]", "folders of `build` or bundles of `publish --to tar=FILE`; default: dist")
    .option("--to <place>", `${places}; may be repeated`, collect, [])
    .option("--sign <key>", "gpg key (fingerprint, id or mail address) to sign with")
    .option("--tag <tag>", "of the release on GitHub; default: the version's tag at HEAD")
    .option("--keep <n>", "versions of each package that stay in the apt repository; default: all", positive);
  allowOptions(command)
    .option("--json", "machine-readable output", false)
    .action(async (inputs: readonly string[], options: PublishCommand) => {
      const { publishCommand } = await import("../commands/publish.ts");
      const artifacts = inputs.length > 0 ? inputs : ["dist"];
      print(await publishCommand(artifacts, options, { project: await project(), host, tell, github, actions }));
    });
}

function addNext(release: Command, { project, host, print }: Context): void {
  release
    .command("next")
    .description("print the line's next version, from the git tags, and nothing else")
    .option("--line <line>", "release line; default: the newest in patches/")
    .option("--preid <name>", "a prerelease of that name, such as rc")
    .option("--json", "tag, previous version and more", false)
    .action(async (options: NextOptions) => {
      const { releaseNext } = await import("../commands/release/next.ts");
      print(await releaseNext(options, await project(), host));
    });
}

function notesOptions(command: Command): Command {
  return command
    .option("--line <line>", "release line; default: the newest in patches/")
    .option("--since <tag>", "release to compare with; default: the line's last one")
    .option("--from <where>", "auto | git | apt | SOURCE=PATH_OR_URL: where sources come from; may be repeated", collect, [])
    .option("--dist <artifacts>", "folder or bundle of artifacts; default: dist, if there is one; may be repeated", collect, []);
}

function addPlan(release: Command, context: Context): void {
  const { project, host, print } = context;
  const command = release
    .command("plan")
    .description("print tag, assets, notes and destinations of a release: no network, no token")
    .argument("[version]", "such as 1.12.1; default: the next one");
  allowOptions(notesOptions(command))
    .option("--to <place>", `${places}; may be repeated`, collect, [])
    .option("--json", "machine-readable output", false)
    .action(async (version: string | undefined, options: PlanOptions) => {
      const { releasePlan } = await import("../commands/release/plan.ts");
      print(await releasePlan(version, options, await project(), host));
    });
}

function addNotes(release: Command, context: Context): void {
  const { project, host, print } = context;
  notesOptions(release.command("notes"))
    .description("print what changed since a release, as Markdown: upstream, patches, checksums")
    .action(async (options: NotesOptions) => {
      const { releaseNotes } = await import("../commands/release/plan.ts");
      print(await releaseNotes(options, await project(), host));
    });
}

function addCut(release: Command, { project, host, print }: Context): void {
  release
    .command("cut")
    .description("make a release of the clean work tree: changelog, commit and tag (signed if git is set up so)")
    .argument("<version>", "such as 1.12.1 or 1.12.1-rc.1")
    .option("--push", "push branch and tag, both or none", false)
    .action(async (version: string, options: { push: boolean }) => {
      const { releaseCut } = await import("../commands/release/cut.ts");
      print(await releaseCut(version, options, await project(), host));
    });
}
