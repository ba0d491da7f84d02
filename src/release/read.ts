import { unknownName } from "../config/names.ts";
import { listLines, pickLine, type Line } from "../config/lines.ts";
import type { Project } from "../config/project.ts";
import { listSources } from "../config/source.ts";
import { BuildError } from "../errors.ts";
import type { ReleaseText } from "../publish/github-release.ts";
import { listAssets } from "../set/assets.ts";
import type { SourceChanges } from "./changes.ts";
import { previewRelease } from "./preview.ts";
import type { ReleaseSet } from "../set/set.ts";
import { readReleased, versionHere } from "./released.ts";
import { checkLine, nextVersion, previousVersion, releasedVersions, tagOf } from "./version.ts";
import type { Host } from "../sys/exec.ts";
import { git } from "../sys/git.ts";
import { readChanges } from "./changes.ts";
import { parseFrom } from "../config/from.ts";

export interface ReadOptions {
  readonly line?: string;
  /** Tag of the release to compare with; by default the line's previous release. */
  readonly since?: string;
  readonly from: readonly string[];
}

/**
 * Reads a release without its artifacts: its line, its version, and what changed since the previous
 * release. The version is by default the one that is tagged here, else the next one. One that is
 * released is read from its tag, others from the project's files.
 */
export async function readRelease(
  asked: string | undefined,
  options: ReadOptions,
  offline: boolean,
  project: Project,
  host: Host,
): Promise<{
  readonly line: string;
  readonly version: string;
  readonly since: string | undefined;
  readonly about: Line;
  readonly sources: readonly SourceChanges[];
}> {
  const lines = await listLines(project);
  const line = asked === undefined ? await pickLine(project, options.line) : checkLine(asked, lines);
  if (options.line !== undefined && options.line !== line)
    throw new BuildError("usage", `Version ${asked} belongs to line ${line}, not ${options.line}.`);
  const { versions, tags } = await readReleased(line, project, host);
  const version = asked ?? (await versionHere(line, project, host)) ?? nextVersion(line, versions);
  const before = previousVersion(version, versions);
  const until = versions.includes(version) ? tagOf(version) : undefined;
  if (until === undefined) host.task.notice(`${tagOf(version)} is not cut yet: this is about the files as they are here.`);
  const since = options.since ?? (before === undefined ? undefined : tagOf(before));
  if (since !== undefined && !tags.includes(since)) throw unknownName("Tag", since, tags);
  const from = parseFrom(options.from, await listSources(project, line));
  return { line, version, since, ...(await readChanges(line, { since, until }, { project, host, from, offline })) };
}

/**
 * Reads name and notes of a set's release: of the given tag, or of the highest tag of the set's line at
 * HEAD. Throws "usage" when there is no such tag, or the tag belongs to another line.
 */
export async function readReleaseText(
  set: ReleaseSet,
  tag: string | undefined,
  project: Project,
  host: Host,
): Promise<ReleaseText> {
  const { line } = set;
  const inRoot = { host, cwd: project.root };
  const { tags } = await readReleased(line, project, host);
  if (tag !== undefined && !tags.includes(tag)) throw unknownName("Tag", tag, tags);
  const here = (await git(["tag", "--points-at", "HEAD"], inRoot)).split("\n");
  const version = releasedVersions(line, tag === undefined ? here : [tag]).at(-1);
  if (version === undefined)
    throw new BuildError(
      "usage",
      `${tag === undefined ? "HEAD has no tag for" : `Tag ${tag} is not`} a version of line ${line}.`,
      {
        hint: "--tag TAG, or kovn-build release cut VERSION --push",
      },
    );
  const release = await readRelease(version, { line, from: [] }, false, project, host);
  const preview = previewRelease({ ...release, jobs: set.jobs, assets: await listAssets(set), destinations: [] });
  const commit = await git(["rev-parse", `refs/tags/${preview.tag}^{commit}`], inRoot);
  return { tag: preview.tag, name: preview.name, prerelease: preview.prerelease, notes: preview.notes, commit };
}
