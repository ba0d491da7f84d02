import type { Project } from "../config/project.ts";
import { BuildError } from "../errors.ts";
import { listOf } from "../list.ts";
import type { Allowance, ReleaseSet } from "../set/set.ts";
import type { AllowOptions } from "../set/with-set.ts";
import type { Host } from "../sys/exec.ts";
import { assertApart, destinationForms, parseDestination, type NamedDestination } from "./registry.ts";
import { kinds, readReleaseFile, releaseFileName, type ReleaseRules } from "./release-file.ts";

/** What a person chose on the command line. */
export interface Choice {
  /** Destinations, such as `apt=DIR`; default: those of `release.yaml`. */
  readonly to?: readonly string[];
  /** A gpg key (fingerprint, id or mail address) to sign with. */
  readonly sign?: string;
  /** Versions of each package that stay in the apt repository; default: all. */
  readonly keep?: number;
}

/** Where to publish to, and what. */
export interface Decision {
  readonly destinations: readonly NamedDestination[];
  readonly sign: string | undefined;
  readonly keep: number | undefined;
  /** What may be published. */
  readonly only: ReleaseRules;
}

/**
 * Joins what a person chose with `release.yaml`. A destination that the person named takes the place
 * of all that the file says about destinations, its key too; what may be published always holds.
 */
export async function decide({ to = [], sign, keep }: Choice, project: Project, host: Host): Promise<Decision> {
  const file = await readReleaseFile(project, host);
  const only = file?.only ?? {};
  if (to.length === 0) return { destinations: file?.to ?? [], sign: sign ?? file?.sign, keep: keep ?? file?.keep, only };
  return { destinations: to.map((one) => ({ to: one, ...parseDestination(one) })), sign, keep, only };
}

/** Throws "usage" without a destination, and where `assertApart` does. */
export function assertDestinations(destinations: readonly NamedDestination[], inputs: readonly string[]): void {
  if (destinations.length === 0)
    throw new BuildError("usage", "No destination given.", { hint: `--to ${destinationForms}; or \`to\` in ${releaseFileName}` });
  assertApart(destinations, inputs);
}

/** Throws "usage" for an exception that `release.yaml` does not let a person make. */
export function assertExceptions(options: AllowOptions, { allow }: ReleaseRules): AllowOptions {
  const asked: readonly (readonly [Allowance, boolean])[] = [
    ["alternate", options.allowAlternate],
    ["unlocked", options.allowUnlocked],
    ["unverified", options.allowUnverified],
  ];
  const refused = asked.flatMap(([name, isAsked]) => (isAsked && allow?.includes(name) === false ? [name] : []));
  if (refused.length > 0)
    throw refuse(
      `--allow-${refused[0]} is given, and ${releaseFileName} does not let anybody publish such artifacts.`,
      `leave it out, or add \`${refused[0]}\` to \`only.allow\` in ${releaseFileName}`,
    );
  return { ...options, ...(allow === undefined ? {} : { exceptions: allow }) };
}

/** Throws "usage" for artifacts that `release.yaml` does not let be published. */
export function assertMayPublish({ dists }: Pick<ReleaseSet, "dists">, only: ReleaseRules): void {
  for (const [key, kind] of kinds)
    for (const { shown, manifest } of dists) {
      const names = only[key];
      if (names === undefined || names.includes(manifest[kind])) continue;
      throw refuse(
        `${shown} is of ${kind} ${manifest[kind]}; ${releaseFileName} lets only ${kind} ${listOf(names)} be published.`,
        `publish other artifacts, or add \`${manifest[kind]}\` to \`only.${key}\` in ${releaseFileName}`,
      );
    }
}

function refuse(why: string, hint: string): BuildError {
  return new BuildError("usage", why, { hint, at: [{ file: releaseFileName }] });
}
