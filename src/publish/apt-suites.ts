import { distributionOf, distributionSlug } from "../dist/distribution.ts";
import type { Manifest } from "../dist/manifest.ts";
import { codenameOf } from "../root/known.ts";
import { collectFiles, type ReleaseSet, type SetFile } from "../set/set.ts";
import type { Versioned } from "./apt-stanza.ts";

/** A package of a set, and where it goes. */
export type SetPackage = SetFile & Versioned;

/** What a set has for a suite. */
export interface SuiteSet {
  /** The name of the suite. */
  readonly suite: string;
  readonly packages: readonly SetPackage[];
}

/** The suites that a set has packages for, by name. */
export function suitesOf({ dists }: Pick<ReleaseSet, "dists">): readonly SuiteSet[] {
  const suites = new Map<string, readonly SetPackage[]>();
  const pools = [...new Set(dists.map(({ manifest }) => poolOf(manifest)))];
  for (const pool of pools.toSorted()) {
    const { files } = collectFiles(dists.filter(({ manifest }) => poolOf(manifest) === pool));
    const packages = files.flatMap((file) => packageIn(pool, file));
    const [, suite = ""] = pool.split("/");
    if (packages.length > 0) suites.set(suite, [...(suites.get(suite) ?? []), ...packages]);
  }
  return [...suites].map(([suite, packages]) => ({ suite, packages }));
}

/** The suite of a build's packages: the codename of the distribution, or the line where that is unknown. */
export function suiteOf(manifest: Manifest): string {
  const distribution = distributionOf(manifest);
  return distribution === undefined ? manifest.line : (codenameOf(distribution) ?? distributionSlug(distribution));
}

/**
 * The folder of a build's packages: its suite, and its component, which is the line, and the variant
 * unless it is `default`. No line has the character between them in its name.
 */
function poolOf(manifest: Manifest): string {
  const { line, variant } = manifest;
  return `pool/${suiteOf(manifest)}/${variant === "default" ? line : `${line}_${variant}`}`;
}

function packageIn(pool: string, file: SetFile): readonly SetPackage[] {
  const { package: name, version = "", architecture = "" } = file;
  return name === undefined ? [] : [{ ...file, package: name, version, architecture, filename: `${pool}/${file.name}` }];
}
