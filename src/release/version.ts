import { compare, gt, inc, parse, prerelease } from "semver";
import { BuildError } from "../errors.ts";

/** The git tag of a version. */
export function tagOf(version: string): string {
  return `v${version}`;
}

/** The line of a version: major and minor. undefined for what is no plain semantic version (https://semver.org), such as one with a `v` or build metadata. */
function lineOf(version: string): string | undefined {
  const parsed = parse(version);
  return parsed?.version === version ? `${parsed.major}.${parsed.minor}` : undefined;
}

/** True for a version such as `1.12.1-rc.1`. */
export function isPrerelease(version: string): boolean {
  return prerelease(version) !== null;
}

/** The versions of a line among git tags, lowest first. Tags that are none of ours are passed over. */
export function releasedVersions(line: string, tags: readonly string[]): readonly string[] {
  const versions = tags.filter((tag) => tag.startsWith("v")).map((tag) => tag.slice(1));
  return versions.filter((version) => lineOf(version) === line).toSorted((a, b) => compare(a, b));
}

/**
 * The version that a line cuts next: a patch version, or with `preid` the next prerelease of that name, counted from 1. Throws "usage" for a
 * `preid` that no version can have.
 */
export function nextVersion(line: string, released: readonly string[], preid?: string): string {
  if (preid !== undefined && !/^[a-z][0-9a-z-]*$/i.test(preid))
    throw new BuildError("usage", `Prerelease name \`${preid}\` is not made of letters, digits and hyphens.`, {
      hint: "--preid rc",
    });
  const last = released.at(-1);
  if (last === undefined) return preid === undefined ? `${line}.0` : `${line}.0-${preid}.1`;
  if (preid === undefined) return bump(last, "patch");
  const next = bump(last, "prerelease", preid);
  // `beta` after `rc` sorts below it: it is of the version after.
  return gt(next, last) ? next : bump(last, "prepatch", preid);
}

function bump(version: string, by: "patch" | "prerelease" | "prepatch", preid?: string): string {
  const next = preid === undefined ? inc(version, by) : inc(version, by, preid, "1");
  if (next === null) throw new Error(`${version} cannot be raised`);
  return next;
}

/** The line of a version that a person gave. Throws "usage" for one that is not semantic, or of a line that there is not. */
export function checkLine(version: string, lines: readonly string[]): string {
  const line = lineOf(version);
  if (line === undefined)
    throw new BuildError("usage", `\`${version}\` is no semantic version, such as 1.12.1 or 1.12.1-rc.1.`, {
      hint: "kovn-build release next",
    });
  if (lines.includes(line)) return line;
  throw new BuildError("usage", `Version ${version} is of line ${line}. There is: ${lines.join(", ")}.`);
}

/** Throws "usage" for a version that is not higher than all that its line has released. */
export function assertHigher(version: string, released: readonly string[]): void {
  const last = released.at(-1);
  if (last === undefined || gt(version, last)) return;
  throw new BuildError("usage", `Version ${version} is not higher than ${last}, which is released.`, {
    hint: `kovn-build release next --line ${lineOf(last)}`,
  });
}

/** The release that a version's notes begin after: the one before it, without prereleases unless it is one itself. */
export function previousVersion(version: string, released: readonly string[]): string | undefined {
  const lower = released.filter((other) => gt(version, other));
  return lower.findLast((other) => isPrerelease(version) || !isPrerelease(other));
}
