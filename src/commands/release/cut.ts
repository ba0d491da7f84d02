import { readLock } from "../../config/lock.ts";
import { listLines } from "../../config/project.ts";
import { readSources } from "../../config/source.ts";
import { assertLocked } from "../../patches/lock.ts";
import { examples } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { changelogPath } from "../../release/changelog.ts";
import { readChanges } from "../../release/changes.ts";
import { assertClean } from "../../release/clean.ts";
import { cutRelease } from "../../release/cut.ts";
import { listSeriesChanges } from "../../release/notes.ts";
import { previewRelease } from "../../release/preview.ts";
import { readReleased } from "../../release/released.ts";
import { assertTagsOf, pushRemote } from "../../release/remote.ts";
import { assertHigher, checkLine, previousVersion, tagOf } from "../../release/version.ts";
import type { SetContext } from "../../set/with-set.ts";
import { isUnchanged } from "../../sys/git-release.ts";

interface CutOptions {
  readonly push: boolean;
}

/** `kovn-build release cut`: makes changelog, commit and tag of a release. */
export const releaseCut: Define = (command, context) => {
  command
    .argument("<version>", "such as 1.12.1 or 1.12.1-rc.1")
    .option("--push", "push branch and tag, both or none", false)
    .addHelpText("after", examples(["kovn-build release cut 1.12.1 --push", "release 1.12.1"]))
    .action(async (version: string, options: CutOptions) => {
      const project = await context.project();
      context.print(await context.report.run(async ({ host }) => cut(version, options, { project, host })));
    });
};

/** Runs all checks, then cuts the release. Returns tag and commit. */
async function cut(version: string, options: CutOptions, { project, host }: SetContext): Promise<string> {
  const { root } = project;
  const line = checkLine(version, await listLines(project));
  const { versions } = await readReleased(line, project, host, version);
  assertHigher(version, versions);
  await assertClean(root, host);
  const lock = await readLock(project, line);
  for (const source of await readSources(project, line, host)) assertLocked(source, lock?.sources[source.name], "and commit it");
  const before = previousVersion(version, versions);
  const since = before === undefined ? undefined : tagOf(before);
  const paths = [`patches/${line}`, "pipelines"];
  const isSame = since !== undefined && (await isUnchanged(since, paths, { host, cwd: root }));
  if (isSame) host.task.notice(`${tagOf(version)} releases the same as ${since}: ${paths.join(" and ")} have not changed.`);
  const remote = options.push ? await pushRemote(root, host) : undefined;
  if (remote !== undefined) await assertTagsOf(remote, line, versions, root, host);
  const from = { rule: "auto", repositories: {} } as const;
  const sources = await readChanges(line, { since, until: undefined }, { project, host, from, offline: true });
  const { name } = previewRelease({ line, version, since, sources, jobs: undefined, assets: [], destinations: [] });
  const date = new Date().toISOString().slice(0, 10);
  const changes = isSame ? [`- Nothing changed since ${since}.`] : listSeriesChanges(sources);
  const commit = await cutRelease({ root, version, name, date, changelog: changelogPath(line), changes, remote, host });
  return `${tagOf(version)}  ${commit}\n`;
}
