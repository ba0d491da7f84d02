import { readLock } from "../../config/lock.ts";
import { listLines } from "../../config/project.ts";
import { readSources } from "../../config/source.ts";
import { assertLocked } from "../../patches/lock.ts";
import type { Context } from "../../program/context.ts";
import { examples } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { cutRelease, assertClean } from "../../release/cut.ts";
import { listSeriesChanges } from "../../release/notes.ts";
import { previewRelease } from "../../release/preview.ts";
import { checkLine, previousVersion, assertHigher, releasedVersions, tagOf } from "../../release/version.ts";
import { listTags } from "../../sys/git-release.ts";
import { readChanges } from "../../release/changes.ts";

interface CutOptions {
  readonly push: boolean;
}

/** `kovn-build release cut`: makes changelog, commit and tag of a release. */
export const releaseCut: Define = (command, context) => {
  command
    .argument("<version>", "such as 1.12.1 or 1.12.1-rc.1")
    .option("--push", "push branch and tag, both or none", false)
    .addHelpText("after", examples(["kovn-build release cut 1.12.1 --push", "release 1.12.1"]))
    .action(async (version: string, options: CutOptions) => context.print(await cut(version, options, context)));
};

/** Runs all checks, then cuts the release. Returns tag and commit. */
async function cut(version: string, options: CutOptions, context: Context): Promise<string> {
  const { host } = context;
  const project = await context.project();
  const { root } = project;
  const line = checkLine(version, await listLines(project));
  const released = releasedVersions(line, await listTags({ host, cwd: root }));
  assertHigher(version, released);
  await assertClean(root, host);
  const lock = await readLock(project, line);
  for (const source of await readSources(project, line, host)) assertLocked(source, lock?.sources[source.name], line);
  const before = previousVersion(version, released);
  const since = before === undefined ? undefined : tagOf(before);
  const from = { rule: "auto", repositories: {} } as const;
  const sources = await readChanges(line, since, { project, host, from, offline: true });
  const { name } = previewRelease({ line, version, since, sources, assets: [], destinations: [] });
  const date = new Date().toISOString().slice(0, 10);
  const commit = await cutRelease({ root, version, name, date, changes: listSeriesChanges(sources), push: options.push, host });
  return `${tagOf(version)}  ${commit}\n`;
}
