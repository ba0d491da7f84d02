import { distFolder } from "../config/project.ts";
import type { Context } from "../program/context.ts";
import { allowOptions, examples, jsonOption, positive, signOption, toOption } from "../program/values.ts";
import type { Define } from "../program/verb.ts";
import { BuildError } from "../errors.ts";
import { repair as repairPublished, type RepairRequest } from "../publish/repair.ts";
import { intend, publish as publishTo, type PublishRequest } from "../publish/publish.ts";
import { showIntent, showOutcome, summarize } from "../publish/show.ts";
import { Json } from "../sys/json.ts";

interface PublishFlags extends Omit<PublishRequest, "artifacts">, Partial<RepairRequest> {
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** `kovn-build publish`: publishes artifacts to each destination. */
export const publish: Define = (command, context) => {
  command
    .argument("[artifacts...]", "folders of `build` or bundles of `publish --to tar=FILE`; default: dist in the project's folder")
    .addOption(toOption())
    .addOption(signOption())
    .option("--repair <destination>", "apt=DIR: repair the state of a repository from what is there, without artifacts")
    .option("--accept <id>", "with --repair: sign the packages of a list that no signature vouches for")
    .option("--tag <tag>", "tag of the release on GitHub; default: the version's tag at HEAD")
    .option("--change-key [key]", "with --sign: key that has signed the apt repository until now; default: any secret key")
    .option("--keep <n>", "versions of each package that stay in the apt repository; default: all", positive);
  allowOptions(command)
    .option("--dry-run", "print what would be written to each destination; write nothing", false)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["kovn-build publish --to apt=/srv/apt --sign KEY", "publish dist/ as a signed apt repository"],
        ["kovn-build publish --dry-run", "show what becomes of each file at the destinations of release.yaml"],
        ["kovn-build publish dist/debian-12 dist/debian-13 --to apt=/srv/apt", "publish builds of several --out folders"],
        ["kovn-build publish --to github=OWNER/REPO", "publish dist/ as a release on GitHub"],
        ["kovn-build publish --to oci=registry.example.com/OWNER/packages:1.12.1", "publish dist/ as images for COPY --from"],
      ),
    )
    .action(async (inputs: readonly string[], options: PublishFlags) => {
      if (options.repair !== undefined || options.accept !== undefined) {
        context.print(await context.report.run(async ({ host }) => repairOne(inputs, options, { ...context, host })));
        return;
      }
      const artifacts = inputs.length > 0 ? inputs : [distFolder(await context.project())];
      context.print(await context.report.run(async ({ host }) => publishAll(artifacts, options, { ...context, host })));
    });
};

const nothing = "nothing to do, everything is already published";

/** Repairs a destination, and returns what changed. */
async function repairOne(
  inputs: readonly string[],
  { repair, to, json, dryRun, ...options }: PublishFlags,
  { host, actions }: Context,
): Promise<string | Json> {
  if (repair === undefined || inputs.length > 0 || to?.length !== 0)
    throw new BuildError("usage", "--repair needs neither artifacts nor --to, and --accept is for --repair.", {
      hint: "kovn-build publish --repair apt=DIR",
    });
  if (dryRun)
    throw new BuildError("usage", "--dry-run is for artifacts, not for --repair.", { hint: "leave out one of the two" });
  const outcome = await repairPublished({ ...options, repair }, { host });
  actions?.summarize(["### Repaired", "", ...summarize(outcome, whole)].join("\n"));
  return json ? new Json({ schema: 1, outcomes: [outcome] }) : showOutcome(outcome, whole);
}

const whole = "nothing to do, its state is whole";

/** Publishes, and returns what changed. */
async function publishAll(artifacts: readonly string[], flags: PublishFlags, context: Context): Promise<string | Json> {
  const { dryRun, json, ...options } = flags;
  const { host, github, actions } = context;
  const project = await context.project();
  if (dryRun) {
    const intended = await intend({ ...options, artifacts }, { project, host, github });
    return json ? new Json({ schema: 1, dryRun, ...intended }) : intended.destinations.map(showIntent).join("");
  }
  const published = await publishTo({ ...options, artifacts }, { project, host, github });
  const { outcomes } = published;
  for (const { url } of outcomes) if (url !== undefined) actions?.output("url", url);
  actions?.summarize(["### Published", "", ...outcomes.flatMap((outcome) => summarize(outcome, nothing))].join("\n"));
  return json ? new Json({ schema: 1, ...published }) : outcomes.map((outcome) => showOutcome(outcome, nothing)).join("");
}
