import type { Pipeline } from "../config/pipeline.ts";
import { knownRoots } from "../root/known.ts";
import type { MachineCheck } from "./check.ts";

/**
 * Says what a person should know before packages are built for the distribution of a machine;
 * undefined for a release that is known.
 */
export function sayUnknown(distribution: string | undefined): string | undefined {
  if (distribution === undefined)
    return "Nothing says which distribution this machine has (os-release(5)), so versions of packages do not name one.";
  if (knownRoots.some((known) => known.distribution === distribution)) return undefined;
  return `This machine has ${distribution}, which is none of ${knownNames}. Packages are for it alone, as their versions say.`;
}

/** True if any of these jobs makes packages for the distribution that it runs in, and that is the machine's. */
export function isForMachine({ jobs }: Pick<Pipeline, "jobs">, ids: readonly string[], root: string | undefined): boolean {
  return root === undefined && ids.some((id) => jobs[id]?.isForDistribution === true);
}

/** Checks that a machine's distribution, for which it builds packages, is a known one. */
export function checkDistribution(distribution: string | undefined): MachineCheck {
  const check = { name: "distribution", found: distribution ?? "unknown", wanted: `one of ${knownNames}, for the packages` };
  if (sayUnknown(distribution) === undefined) return { ...check, status: "ok" };
  return { ...check, status: "warning", fix: "kovn-build --target linux --root debian:12" };
}

const knownNames = knownRoots.map((known) => known.distribution).join(", ");
