import { allowOptions, examples, jsonOption, toOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { assertExceptions, assertMayPublish, decide } from "../../publish/decide.ts";
import { previewRelease, type ReleasePreview } from "../../release/preview.ts";
import { listAssets } from "../../set/assets.ts";
import type { AllowOptions, SetContext } from "../../set/with-set.ts";
import { notesOptions, withAssets, type NotesOptions } from "./assets.ts";
import { readRelease } from "../../release/read.ts";
import { Json } from "../../sys/json.ts";

interface PreviewOptions extends NotesOptions, AllowOptions {
  readonly to: readonly string[];
  readonly json: boolean;
}

/** `kovn-build release plan`: previews a release; uses neither network nor token. */
export const releasePlan: Define = (command, context) => {
  allowOptions(notesOptions(command.argument("[version]", "such as 1.12.1; default: the one at HEAD, else the next one")))
    .addOption(toOption())
    .addOption(jsonOption())
    .addHelpText("after", examples(["kovn-build release plan 1.12.1 --to github", "preview the release on GitHub"]))
    .action(async (version: string | undefined, options: PreviewOptions) => {
      const project = await context.project();
      const made = await context.report.run(async ({ host }) => preview(version, options, { project, host }));
      context.print(options.json ? new Json(made) : showPreview(made));
    });
};

async function preview(version: string | undefined, options: PreviewOptions, context: SetContext): Promise<ReleasePreview> {
  const { project, host } = context;
  const { destinations, only } = await decide(options, project, host);
  const release = await readRelease(version, options, true, project, host);
  return withAssets({ ...options, ...assertExceptions(options, only) }, release.line, context, async (set) => {
    if (set !== undefined) assertMayPublish(set, only);
    const assets = set === undefined ? [] : await listAssets(set);
    const previewed = destinations.map(({ to, publisher, place }) => ({
      to,
      files: set === undefined ? [] : publisher.preview(set, assets, place),
    }));
    return previewRelease({ ...release, jobs: set?.jobs, assets, destinations: previewed });
  });
}

function showPreview(made: ReleasePreview): string {
  const head = [
    made.name,
    `  tag         ${made.tag}${made.prerelease ? " (prerelease)" : ""}`,
    `  since       ${made.since ?? "- (the first of its line)"}`,
    ...made.sources.map(showSource),
    ...made.absent.map((name) => `  absent      ${name}: no artifact was built from it`),
    ...made.assets.map((asset) => `  asset       ${asset.sha256}  ${String(asset.size).padStart(10)}  ${asset.name}`),
    ...made.destinations.flatMap(({ to, files }) => files.map((file) => `  goes to     ${to}: ${file.to}`)),
  ];
  return `${head.join("\n")}\n\n${made.notes}`;
}

function showSource({ name, version, revision, base, alternate, differs }: ReleasePreview["sources"][number]): string {
  const kind = alternate ? ", an alternate" : "";
  const warning = differs === undefined ? "" : `; these artifacts differ from the release in ${differs}`;
  return `  source      ${name} ${version}, revision ${revision}: ${base}${kind}${warning}`;
}
