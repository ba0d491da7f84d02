import { join } from "node:path";
import { readLock } from "../../config/lock.ts";
import { listLines } from "../../config/lines.ts";
import { readSources } from "../../config/source.ts";
import { assertLocked } from "../../patches/lock.ts";
import { examples, jsonOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { changelogPart, changelogPath, changelogVersions } from "../../release/changelog.ts";
import { readChanges } from "../../release/changes.ts";
import { assertClean } from "../../release/clean.ts";
import { cutRelease, isCut, prepareCut, pushRelease, withCutLock, type Cut } from "../../release/cut.ts";
import { listSeriesChanges } from "../../release/notes.ts";
import { previewRelease } from "../../release/preview.ts";
import { readReleased } from "../../release/released.ts";
import { assertTagsOf, pushRemote, type Remote } from "../../release/remote.ts";
import { assertHigher, checkLine, previousVersion, tagOf } from "../../release/version.ts";
import type { SetContext } from "../../set/with-set.ts";
import { exists } from "../../sys/files.ts";
import { git, tryGit } from "../../sys/git.ts";
import { isUnchanged } from "../../sys/git-release.ts";
import { Json } from "../../sys/json.ts";
import { readText } from "../../sys/read-file.ts";
import { removeStale } from "../../sys/staging.ts";

interface CutOptions {
  readonly push: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** `kovn-build release cut`: makes changelog, commit and tag of a release. */
export const releaseCut: Define = (command, context) => {
  command
    .argument("<version>", "such as 1.12.1 or 1.12.1-rc.1")
    .option("--push", "push branch and tag, both or none", false)
    .option("--dry-run", "print what would be written and pushed; write nothing", false)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["kovn-build release cut 1.12.1 --push --dry-run", "show changelog, commit, tag and push of 1.12.1"],
        ["kovn-build release cut 1.12.1 --push", "release 1.12.1"],
      ),
    )
    .action(async (version: string, options: CutOptions) => {
      const project = await context.project();
      context.print(await context.report.run(async ({ host }) => cut(version, options, { project, host })));
    });
};

/**
 * Runs all checks, cuts the release unless an earlier run has done so, and pushes it. Returns tag
 * and commit.
 */
async function cut(version: string, options: CutOptions, context: SetContext): Promise<string | Json> {
  const { project, host } = context;
  const line = checkLine(version, await listLines(project));
  return withCutLock(project.root, host, async () => {
    if (!options.dryRun) await removeStale(join(project.root, changelogPath(line)));
    const ready = await check(version, line, options, context);
    if (options.dryRun) return options.json ? new Json({ schema: 1, dryRun: true, ...describe(ready) }) : show(ready);
    return carryOut(ready, options, context);
  });
}

/** A release that may be cut. */
interface Ready {
  readonly version: string;
  /** Undefined for one that is cut already. */
  readonly work: Cut | undefined;
  /** Where it is pushed to. */
  readonly remote: Remote | undefined;
}

async function check(version: string, line: string, { push }: CutOptions, context: SetContext): Promise<Ready> {
  const { project, host } = context;
  const { root } = project;
  const { versions } = await readReleased(line, project, host, version);
  const isDone = await isCut(version, root, host);
  if (!isDone) assertHigher(version, versions);
  await assertClean(root, await leftChangelog(version, line, context), host);
  const remote = push ? await pushRemote(root, host) : undefined;
  if (remote !== undefined) await assertTagsOf(remote, line, versions, root, host);
  if (isDone) host.task.notice(`${tagOf(version)} is cut already.`);
  return { version, work: isDone ? undefined : await prepareNew(version, line, versions, context), remote };
}

async function carryOut({ version, work, remote }: Ready, { json }: CutOptions, context: SetContext): Promise<string | Json> {
  const { host } = context;
  const { root } = context.project;
  if (work !== undefined) await cutRelease(work, root, host);
  if (remote !== undefined) await pushRelease(version, remote, root, host);
  const result = { tag: tagOf(version), commit: await git(["rev-parse", "HEAD"], { host, cwd: root }) };
  return json ? new Json({ schema: 1, ...result }) : `${result.tag}  ${result.commit}\n`;
}

/** What a cut writes, as data. */
function describe({ version, work, remote }: Ready) {
  if (work === undefined) return { tag: tagOf(version), push: remote };
  const { tag, name, subject, changelog } = work;
  const { path, before, after } = changelog;
  const change = before === undefined ? "new" : before === after ? "same" : "replaced";
  return { tag, name, subject, changelog: { path, change, text: changelogPart(after, version) }, push: remote };
}

function show(ready: Ready): string {
  const { tag, name, subject, changelog, push } = describe(ready);
  const rows = [
    `${tag}: ${name === undefined ? "is cut already" : name} (nothing is written)`,
    ...(subject === undefined ? [] : [`  commit    ${subject}`, `  tag       ${tag}`]),
    ...(changelog === undefined ? [] : [`  ${changelog.change.padEnd(9)} ${changelog.path}`]),
    ...(push === undefined ? [] : [`  push      ${push.name}: ${push.branch} and ${tag}`]),
  ];
  return `${rows.join("\n")}\n${changelog === undefined ? "" : `\n${changelog.text.trimEnd()}\n`}`;
}

/** The path of the changelog if a cut that was killed before it committed has written the version there. */
async function leftChangelog(version: string, line: string, { project, host }: SetContext): Promise<string | undefined> {
  const path = changelogPath(line);
  const committed = await tryGit(["show", `HEAD:${path}`], { host, cwd: project.root });
  const now = (await exists(join(project.root, path))) ? await readText(join(project.root, path), "a project file") : "";
  const has = (text: string) => changelogVersions(text).includes(version);
  return has(now) && !has(committed.stdout) ? path : undefined;
}

async function prepareNew(version: string, line: string, versions: readonly string[], context: SetContext): Promise<Cut> {
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
  return prepareCut(root, { version, name, date, changelog: changelogPath(line), changes });
}
