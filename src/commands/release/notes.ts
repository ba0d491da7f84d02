import { examples } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { makeNotes } from "../../release/notes.ts";
import { joinArtifacts } from "../../release/released-sources.ts";
import { listAssets } from "../../set/assets.ts";
import { notesOptions, withAssets, type NotesOptions } from "./assets.ts";
import { readRelease } from "../../release/read.ts";
import type { SetContext } from "../../set/with-set.ts";

/** `kovn-build release notes`: prints what changed since a release. Fetches upstream where it can. */
export const releaseNotes: Define = (command, context) => {
  notesOptions(command.argument("[version]", "such as 1.12.1; default: the one at HEAD, else the next one"))
    .addHelpText("after", examples(["kovn-build release notes --since v1.12.0", "show what changed since 1.12.0"]))
    .action(async (version: string | undefined, options: NotesOptions) => {
      const project = await context.project();
      context.print(await context.report.run(async ({ host }) => writeNotes(version, options, { project, host })));
    });
};

async function writeNotes(version: string | undefined, options: NotesOptions, context: SetContext): Promise<string> {
  const { since, about, sources, line } = await readRelease(version, options, false, context.project, context.host);
  const all = { ...options, allowAlternate: true, allowUnlocked: true, allowUnverified: true };
  return withAssets(all, line, context, async (set) =>
    makeNotes({ since, about, ...joinArtifacts(sources, set?.jobs), assets: set === undefined ? [] : await listAssets(set) }),
  );
}
