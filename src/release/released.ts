import { join } from "node:path";
import type { Project } from "../config/project.ts";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { git } from "../sys/git.ts";
import { listTags } from "../sys/git-release.ts";
import { readText } from "../sys/read-file.ts";
import { changelogPath, changelogVersions } from "./changelog.ts";
import { releasedVersions, tagOf } from "./version.ts";

/** The released versions of a line, lowest first, and all tags of the project's repository. */
export interface Released {
  readonly versions: readonly string[];
  readonly tags: readonly string[];
}

/**
 * Reads which versions of a line are released. Throws "usage" for a repository that lacks tags: a
 * shallow clone, one without tags, and one without the tag of a version in the line's changelog.
 * `cutting` is a version whose tag is made next, so that a cut that was killed can go on.
 */
export async function readReleased(line: string, { root }: Project, host: Host, cutting?: string): Promise<Released> {
  const tags = await listTags({ host, cwd: root });
  const versions = releasedVersions(line, tags);
  const path = changelogPath(line);
  const text = (await exists(join(root, path))) ? await readText(join(root, path), "a source file") : "";
  const known = new Set([...versions, cutting]);
  const untagged = releasedVersions(line, changelogVersions(text).map(tagOf)).find((version) => !known.has(version));
  if (untagged === undefined) return { versions, tags };
  throw new BuildError("usage", `${path} has version ${untagged}, but ${root} has no tag ${tagOf(untagged)}.`, {
    hint: `git -C ${root} fetch --tags; after an interrupted cut: kovn-build release cut ${untagged}`,
  });
}

/**
 * The released version that the project's files of a line are: the highest one tagged at HEAD, if
 * nothing of the line was changed since.
 */
export async function versionHere(line: string, { root }: Project, host: Host): Promise<string | undefined> {
  const inRoot = { host, cwd: root };
  const here = await git(["tag", "--points-at", "HEAD"], inRoot).catch(() => "");
  const version = releasedVersions(line, here.split("\n")).at(-1);
  if (version === undefined) return undefined;
  return (await git(["status", "--porcelain", "--", `patches/${line}`], inRoot)) === "" ? version : undefined;
}
