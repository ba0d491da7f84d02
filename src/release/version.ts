import { compare, gt, inc, parse, prerelease } from "semver";
import { BuildError } from "../errors.ts";
import { listOf } from "../list.ts";

/** The git tag of a version. */
export function tagOf(version: string): string {
  return `v${version}`;
}

/**
 * The line of a version: major and minor. undefined for anything but a plain semantic version
 * (https://semver.org), such as one with a `v` or build metadata.
 */
function lineOf(version: string): string | undefined {
  const parsed = parse(version);
  return parsed?.version === version ? `${parsed.major}.${parsed.minor}` : undefined;
}

/** True for a version such as `1.12.1-rc.1`. */
export function isPrerelease(version: string): boolean {
  return prerelease(version) !== null;
}

/** The versions of a line among git tags, lowest first; ignores other tags. */
export function releasedVersions(line: string, tags: readonly string[]): readonly string[] {
  const versions = tags.filter((tag) => tag.startsWith("v")).map((tag) => tag.slice(1));
  return versions.filter((version) => lineOf(version) === line).toSorted((a, b) => compare(a, b));
}

/**
 * The next version of a line: a patch version, or with `preid` the next prerelease of that name,
 * counted from 1. Throws "usage" for a `preid` that a version cannot have.
 */
export function nextVersion(line: string, released: readonly string[], preid?: string): string {
  if (preid !== undefined && !/^[a-z][0-9a-z-]*$/i.test(preid))
    throw new BuildError(
      "usage",
      `Prerelease name \`${preid}\` must begin with a letter, and have only letters, digits and hyphens.`,
      {
        hint: "--preid rc",
      },
    );
  const last = released.at(-1);
  if (last === undefined) return preid === undefined ? `${line}.0` : `${line}.0-${preid}.1`;
  if (preid === undefined) return bump(last, "patch");
  const next = bump(last, "prerelease", preid);
  // `beta` sorts below an earlier `rc`, so it belongs to the version after.
  return gt(next, last) ? next : bump(last, "prepatch", preid);
}

function bump(version: string, by: "patch" | "prerelease" | "prepatch", preid?: string): string {
  const next = preid === undefined ? inc(version, by) : inc(version, by, preid, "1");
  if (next === null) throw new Error(`${version} cannot be raised`);
  return next;
}

/**
 * The line of a given version. Throws "usage" when it is not semantic, or its line does not exist.
 */
export function checkLine(version: string, lines: readonly string[]): string {
  const line = lineOf(version);
  if (line === undefined)
    throw new BuildError("usage", `\`${version}\` is not a semantic version such as 1.12.1 or 1.12.1-rc.1.`, {
      hint: "kovn-build release next",
    });
  if (lines.includes(line)) return line;
  throw new BuildError("usage", `Version ${version} is of line ${line}, which does not exist. Available: ${listOf(lines)}.`);
}

/** Throws "usage" when a version is not higher than all released versions of its line. */
export function assertHigher(version: string, released: readonly string[]): void {
  const last = released.at(-1);
  if (last === undefined || gt(version, last)) return;
  throw new BuildError("usage", `Version ${version} is not higher than ${last}, the last release.`, {
    hint: `kovn-build release next --line ${lineOf(last)}`,
  });
}

/**
 * The release after which the notes of a version begin: the previous one, skipping prereleases
 * unless the version is one itself.
 */
export function previousVersion(version: string, released: readonly string[]): string | undefined {
  const lower = released.filter((other) => gt(version, other));
  return lower.findLast((other) => isPrerelease(version) || !isPrerelease(other));
}
