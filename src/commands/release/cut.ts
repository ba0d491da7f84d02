import { readLock } from "../../config/lock.ts";
import { listLines, type Project } from "../../config/project.ts";
import { readSources } from "../../config/source.ts";
import { assertLocked } from "../../patches/lock.ts";
import { cutRelease, assertClean } from "../../release/cut.ts";
import { listSeriesChanges } from "../../release/notes.ts";
import { planRelease } from "../../release/plan.ts";
import { checkLine, previousVersion, assertHigher, releasedVersions, tagOf } from "../../release/version.ts";
import type { Host } from "../../sys/exec.ts";
import { listTags } from "../../sys/git-release.ts";
import { readChanges } from "./changes.ts";

/** `kovn-build release cut VERSION`: changelog, commit and tag of a release, after all that can be wrong was looked at. Answers with tag and commit. */
export async function releaseCut(
  version: string,
  options: { readonly push: boolean },
  project: Project,
  host: Host,
): Promise<string> {
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
  const { name } = planRelease({ line, version, since, sources, assets: [], destinations: [] });
  const date = new Date().toISOString().slice(0, 10);
  const commit = await cutRelease({ root, version, name, date, changes: listSeriesChanges(sources), push: options.push, host });
  return `${tagOf(version)}  ${commit}\n`;
}
