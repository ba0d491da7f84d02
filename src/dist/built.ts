import type { Patch } from "../config/patch.ts";
import type { Source } from "../config/source.ts";
import { packagingOf, publishedBase } from "../plan/base.ts";
import { missingPicksOf, picksOf } from "../plan/picks.ts";
import type { PlannedJob } from "../plan/plan.ts";
import type { BuiltJob } from "./manifest.ts";

/** What is known of a job only after it is built. */
export interface JobFacts extends Pick<
  BuiltJob,
  "baseCommit" | "patchedCommit" | "patchedTree" | "packaged" | "root" | "tools" | "duration" | "compilerCache"
> {
  /** `git patch-id --stable` of each patch, by the sha256 of its file. */
  readonly patchIds: Readonly<Record<string, string>>;
  /** The same of each pick, by its commit. */
  readonly pickIds: Readonly<Record<string, string>>;
}

/** The packaging patches that a job applies. */
export function jobPackaging(job: PlannedJob, source: Source): readonly Patch[] {
  return job.packaging === undefined ? [] : packagingOf(source, job.base);
}

/** Describes a finished job for `artifacts.json`. */
export function describeBuilt(job: PlannedJob, source: Source, { patchIds, pickIds, ...facts }: JobFacts): BuiltJob {
  const { duration, tools, compilerCache, packaged, root, ...ids } = facts;
  const packaging = jobPackaging(job, source);
  const picks = picksOf(job.base).map(({ commit, why, without }) => ({ commit, why, without, patchId: pickIds[commit] ?? "" }));
  const missingPicks = missingPicksOf(job.base).map(({ commit, why }) => ({ commit, why }));
  const describe = ({ name, sha256, seed, subject, origin }: Patch) => ({
    name,
    sha256,
    patchId: patchIds[sha256] ?? "",
    seed,
    subject,
    origin,
  });
  return {
    id: job.id,
    key: job.key,
    source: source.name,
    version: job.source.version,
    revision: job.source.revision,
    base: publishedBase(job.base),
    baseCommit: ids.baseCommit,
    alternate: job.base.kind !== "git",
    locked: job.locked !== undefined,
    ...(source.license === undefined ? {} : { license: source.license }),
    patchedCommit: ids.patchedCommit,
    patchedTree: ids.patchedTree,
    ...(picks.length === 0 ? {} : { picks }),
    ...(missingPicks.length === 0 ? {} : { missingPicks }),
    series: source.patches.map(describe),
    ...(packaging.length === 0 ? {} : { packaging: packaging.map(describe) }),
    ...(packaged === undefined ? {} : { packaged }),
    ...(job.distribution === undefined ? {} : { distribution: job.distribution }),
    ...(root === undefined ? {} : { root }),
    ...(job.inputs === undefined ? {} : { inputs: job.inputs }),
    tools,
    duration,
    ...(compilerCache === undefined ? {} : { compilerCache }),
  };
}
