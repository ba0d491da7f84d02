import { join } from "node:path";
import { readLock } from "../../config/lock.ts";
import { listLines } from "../../config/lines.ts";
import { readSources } from "../../config/source.ts";
import { assertLocked } from "../../patches/lock.ts";
import { examples } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { changelogPath, changelogVersions } from "../../release/changelog.ts";
import { readChanges } from "../../release/changes.ts";
import { assertClean } from "../../release/clean.ts";
import { cutRelease, isCut, pushRelease, withCutLock } from "../../release/cut.ts";
import { listSeriesChanges } from "../../release/notes.ts";
import { previewRelease } from "../../release/preview.ts";
import { readReleased } from "../../release/released.ts";
import { assertTagsOf, pushRemote } from "../../release/remote.ts";
import { assertHigher, checkLine, previousVersion, tagOf } from "../../release/version.ts";
import type { SetContext } from "../../set/with-set.ts";
import { exists } from "../../sys/files.ts";
import { git, tryGit } from "../../sys/git.ts";
import { isUnchanged } from "../../sys/git-release.ts";
import { readText } from "../../sys/read-file.ts";
import { removeStale } from "../../sys/staging.ts";

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

/**
 * Runs all checks, cuts the release unless an earlier run has done so, and pushes it. Returns tag
 * and commit.
 */
async function cut(version: string, options: CutOptions, context: SetContext): Promise<string> {
  const { project, host } = context;
  const line = checkLine(version, await listLines(project));
  return withCutLock(project.root, host, async () => {
    await removeStale(join(project.root, changelogPath(line)));
    return cutAlone(version, line, options, context);
  });
}

async function cutAlone(version: string, line: string, { push }: CutOptions, context: SetContext): Promise<string> {
  const { project, host } = context;
  const { root } = project;
  const { versions } = await readReleased(line, project, host, version);
  const isDone = await isCut(version, root, host);
  if (!isDone) assertHigher(version, versions);
  await assertClean(root, await leftChangelog(version, line, context), host);
  const remote = push ? await pushRemote(root, host) : undefined;
  if (remote !== undefined) await assertTagsOf(remote, line, versions, root, host);
  if (isDone) host.task.notice(`${tagOf(version)} is cut already.`);
  else await cutNew(version, line, versions, context);
  if (remote !== undefined) await pushRelease(version, remote, root, host);
  return `${tagOf(version)}  ${await git(["rev-parse", "HEAD"], { host, cwd: root })}\n`;
}

/** The path of the changelog if a cut that was killed before it committed has written the version there. */
async function leftChangelog(version: string, line: string, { project, host }: SetContext): Promise<string | undefined> {
  const path = changelogPath(line);
  const committed = await tryGit(["show", `HEAD:${path}`], { host, cwd: project.root });
  const now = (await exists(join(project.root, path))) ? await readText(join(project.root, path), "a project file") : "";
  const has = (text: string) => changelogVersions(text).includes(version);
  return has(now) && !has(committed.stdout) ? path : undefined;
}

async function cutNew(version: string, line: string, versions: readonly string[], context: SetContext): Promise<void> {
  const { project, host } = context;
  const { root } = project;
  const lock = await readLock(project, line);
  for (const source of await readSources(project, line, host)) assertLocked(source, lock?.sources[source.name], "and commit it");
  const before = previousVersion(version, versions);
  const since = before === undefined ? undefined : tagOf(before);
  const paths = [`patches/${line}`, "pipelines"];
  const isSame = since !== undefined && (await isUnchanged(since, paths, { host, cwd: root }));
  if (isSame) host.task.notice(`${tagOf(version)} releases the same as ${since}: ${paths.join(" and ")} have not changed.`);
  const from = { rule: "auto", repositories: {} } as const;
  const { about, sources } = await readChanges(line, { since, until: undefined }, { project, host, from, offline: true });
  const { name } = previewRelease({ line, version, since, about, sources, jobs: undefined, assets: [], destinations: [] });
  const date = new Date().toISOString().slice(0, 10);
  const changes = isSame ? [`- Nothing changed since ${since}.`] : listSeriesChanges(sources);
  await cutRelease({ root, version, name, date, changelog: changelogPath(line), changes, host });
}
