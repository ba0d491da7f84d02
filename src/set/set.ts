import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { BuildError } from "../errors.ts";
import { sortBy } from "../order.ts";
import { baseId, describeBase } from "../plan/base.ts";
import { keyOf } from "../plan/key.ts";
import { distributionOf, distributionSlug } from "../dist/distribution.ts";
import type { Artifact, BuiltJob, Manifest } from "../dist/manifest.ts";
import type { Dist } from "../dist/read.ts";
import { listOf } from "../list.ts";

/** A file of a set: an artifact with its path. */
export interface SetFile extends Artifact {
  /** `file` without its folders; unique in the set. */
  readonly name: string;
  readonly path: string;
}

/** Something that is not published, and why. */
export interface LeftOut {
  readonly name: string;
  readonly why: string;
}

/** What a person must allow: an alternate base, a series that differs from its lock, and what `verify` did not pass. */
export const allowances = ["alternate", "unlocked", "unverified"] as const;
export type Allowance = (typeof allowances)[number];

/** A build to publish. */
export interface Candidate extends Dist {
  /** Why it does not count as verified, as the end of a sentence. */
  readonly unverified?: string | undefined;
}

/** What is published together: the artifacts of one or more builds of a line that agree. */
export interface ReleaseSet {
  readonly line: string;
  /** 12 hexadecimal digits, the same for the same content. */
  readonly id: string;
  /** In an order that does not depend on how they are given; `name` is unique. */
  readonly dists: readonly (Dist & { readonly name: string })[];
  readonly jobs: readonly BuiltJob[];
  readonly files: readonly SetFile[];
  readonly leftOut: readonly LeftOut[];
  /** What a person allowed to publish this set; recorded in the SBOM. */
  readonly allowed: readonly Allowance[];
  /** The SBOM (see sbom.ts). */
  readonly sbom: string;
}

/** A set without its SBOM. */
export type BareSet = Omit<ReleaseSet, "sbom">;

/**
 * Joins builds into a set. Throws "usage" when they disagree on line, pins, picks, series or revision,
 * when two files with the same name differ, and for an alternate base, an unlocked series or an
 * unverified build that is not allowed. \`exceptions\` are those that a person may allow.
 */
export function makeSet(
  dists: readonly Candidate[],
  allow: readonly Allowance[],
  exceptions: readonly Allowance[] = allowances,
): BareSet {
  const distinct = dists.filter(
    (dist, index) => dists.findIndex((other) => isDeepStrictEqual(other.manifest, dist.manifest)) === index,
  );
  const sorted = nameDists(distinct);
  const [first] = sorted;
  if (first === undefined) throw new BuildError("usage", "There is nothing to publish.", { hint: "kovn-build build" });
  assertAgreement(sorted);
  const jobs = sorted.flatMap((dist) => dist.manifest.jobs);
  const allowed = checkAllowed(distinct, allow, exceptions);
  const { files, leftOut } = collectFiles(sorted);
  const content = files.map(({ name, sha256 }) => [name, sha256]);
  const id = keyOf({ content, jobs: sorted.map((dist) => dist.manifest.jobs.map((job) => job.key)) }).slice(0, 12);
  return { line: first.manifest.line, id, dists: sorted, jobs, files, leftOut, allowed };
}

function nameDists(dists: readonly Dist[]): ReleaseSet["dists"] {
  const nameOf = (manifest: Manifest) => {
    const { target, arch, variant } = manifest;
    const distribution = distributionOf(manifest);
    return [target, ...(distribution === undefined ? [] : [distributionSlug(distribution)]), arch, variant].join("-");
  };
  const keyed = dists.map((dist) => ({ ...dist, order: `${nameOf(dist.manifest)} ${keyOf(dist.manifest)}` }));
  const taken = new Map<string, number>();
  return sortBy(keyed, (dist) => dist.order).map(({ order: _, ...dist }) => {
    const name = nameOf(dist.manifest);
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return { ...dist, name: count === 1 ? name : `${name}-${count}` };
  });
}

function assertAgreement(dists: readonly Dist[]): void {
  const problems: string[] = [];
  const lines = new Map(dists.map((dist) => [dist.manifest.line, dist.shown]));
  if (lines.size > 1) problems.push(`Lines differ: ${listOf([...lines].map((pair) => pair.join(" in ")))}.`);
  const seen = new Map<string, { readonly shown: string; readonly job: BuiltJob }>();
  for (const { shown, manifest } of dists)
    for (const job of manifest.jobs) {
      const other = seen.get(job.source);
      if (other === undefined) seen.set(job.source, { shown, job });
      else problems.push(...differences(other.job, job).map((what) => `${other.shown} and ${shown}: \`${job.source}\`: ${what}`));
    }
  if (problems.length > 0)
    throw new BuildError("usage", `These artifacts do not belong together.\n${listOf(new Set(problems), "\n")}`, {
      hint: "build all of them from the same commit of this project",
    });
}

function differences(a: BuiltJob, b: BuiltJob): string[] {
  const found: string[] = [];
  if (baseId(a.base) !== baseId(b.base)) found.push(`pins differ: ${describeBase(a.base)}, and ${describeBase(b.base)}.`);
  if (a.revision !== b.revision) found.push(`revisions differ: ${a.revision} and ${b.revision}.`);
  const picks = (job: BuiltJob) => (job.picks ?? []).map(({ commit, without }) => [commit, ...without]);
  if (!isDeepStrictEqual(picks(a), picks(b))) found.push("picks differ.");
  const digests = (job: BuiltJob) => new Map(job.series.map((patch) => [patch.name, patch.sha256]));
  const [own, others] = [digests(a), digests(b)];
  const patches = [...new Set([...own.keys(), ...others.keys()])].filter((name) => own.get(name) !== others.get(name));
  if (patches.length > 0) found.push(`series differ in ${listOf(patches)}.`);
  else if (a.patchedTree !== b.patchedTree && found.length === 0)
    found.push(`patched trees differ: ${a.patchedTree} and ${b.patchedTree}.`);
  // Only jobs that make packages have these patches.
  const [packaged, other] = [a.packaged?.tree, b.packaged?.tree];
  if (packaged !== undefined && other !== undefined && packaged !== other)
    found.push(`trees with packaging patches differ: ${packaged} and ${other}.`);
  return found;
}

function checkAllowed(
  dists: readonly Candidate[],
  allow: readonly Allowance[],
  exceptions: readonly Allowance[],
): readonly Allowance[] {
  const jobs = dists.flatMap(({ manifest }) => manifest.jobs);
  const ofJobs = (found: readonly BuiltJob[], what: string) =>
    found.length === 0 ? [] : [`${listOf(new Set(found.map((job) => `\`${job.source}\``)))} ${what}.`];
  const rules: readonly (readonly [Allowance, readonly string[]])[] = [
    [
      "alternate",
      ofJobs(
        jobs.filter((job) => job.alternate),
        "was built on an alternate base, not on the pinned commit",
      ),
    ],
    [
      "unlocked",
      ofJobs(
        jobs.filter((job) => !job.locked),
        "was built from a series that differs from its lock",
      ),
    ],
    ["unverified", dists.flatMap(({ shown, unverified }) => (unverified === undefined ? [] : [`${shown} ${unverified}.`]))],
  ];
  const needed = rules.filter(([, sentences]) => sentences.length > 0);
  const refused = needed.filter(([allowance]) => !allow.includes(allowance));
  if (refused.length > 0) {
    const remedy = refused.some(([allowance]) => allowance !== "unverified") ? "build it again" : "kovn-build verify";
    const isOpen = refused.every(([allowance]) => exceptions.includes(allowance));
    const anyway = `, or publish it anyway with ${refused.map(([allowance]) => `--allow-${allowance}`).join(" ")}`;
    throw new BuildError("usage", refused.flatMap(([, sentences]) => sentences).join("\n"), {
      hint: `${remedy}${isOpen ? anyway : ""}`,
    });
  }
  return needed.map(([allowance]) => allowance);
}

/** The files of some builds of a set. Throws "usage" when two with the same name differ. */
export function collectFiles(dists: ReleaseSet["dists"]): Pick<ReleaseSet, "files" | "leftOut"> {
  const files = new Map<string, SetFile & { readonly shown: string }>();
  const leftOut: LeftOut[] = [];
  for (const { folder, shown, manifest, name: dist } of dists)
    for (const artifact of manifest.artifacts) {
      const name = basename(artifact.file);
      if (artifact.architecture === "all" && manifest.arch !== "amd64") {
        leftOut.push({ name, why: `packages for all architectures come from amd64, not from ${dist}` });
        continue;
      }
      const file = { ...artifact, name, path: join(folder, artifact.file), shown: join(shown, artifact.file) };
      const other = files.get(name);
      if (other !== undefined && other.sha256 !== file.sha256)
        throw new BuildError("usage", `${name} exists twice with different bytes: ${other.shown} and ${file.shown}.`, {
          hint: "publish one of the two builds, or build both again",
        });
      files.set(name, other ?? file);
    }
  return { files: sortBy([...files.values()], (file) => file.name), leftOut };
}
