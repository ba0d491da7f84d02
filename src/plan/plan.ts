import { BuildError } from "../errors.ts";
import type { Pipeline, PipelineJob } from "../config/pipeline.ts";
import type { InputFile } from "../config/inputs.ts";
import type { LockedBase, LockedSource } from "../config/lock.ts";
import type { Source } from "../config/source.ts";
import type { Step } from "../steps/registry.ts";
import { baseId, describeBase, packagingOf, type Base } from "./base.ts";
import { orderJobs } from "./graph.ts";
import { keyOf } from "./key.ts";
import { packagesFor } from "./packages.ts";
import { missingPicksOf, pickContent, picksOf } from "./picks.ts";
import { distributionSuffix, variantSuffix } from "./suffix.ts";

/** What a build will do. `plan --json` prints it, `build` runs it. */
export interface Plan {
  readonly schema: 1;
  readonly target: string;
  readonly line: string;
  readonly variant: string;
  readonly arch: string;
  readonly flags: string;
  /** What the jobs are built in, such as `debian:12`; absent for the machine itself. */
  readonly root?: string;
  /** The architecture of the machine, where the jobs are cross-compiled; absent where they are not. */
  readonly buildArch?: string;
  /** Selects one of a target's pipelines; absent if there is only one. */
  readonly toolchain?: string;
  readonly jobs: readonly PlannedJob[];
}

type PlannedPatches = readonly { readonly name: string; readonly sha256: string }[];

/** A job of a plan. Jobs are listed after those that they need. */
export interface PlannedJob {
  readonly id: string;
  readonly needs: readonly string[];
  /**
   * sha256 over everything in the plan that decides the result: base, picks, all patches in order,
   * what files say about them, input files, steps, flags, architecture, variant, distribution, root,
   * architecture of the machine that cross-compiles, keys of needed jobs.
   */
  readonly key: string;
  readonly base: Base;
  /** Bases to try, in this order, if the first cannot be reached. */
  readonly otherBases: readonly Base[];
  readonly source: {
    readonly name: string;
    readonly version: string;
    readonly revision: number;
    readonly patches: PlannedPatches;
  };
  /** Packaging patches on top of those of the source; absent if there are none. */
  readonly packaging?: PlannedPatches;
  /** The patched source according to the lock; absent in an unlocked build. */
  readonly locked?: LockedBase;
  /** The distribution that the job's packages are for, such as `debian 12`; absent for other jobs. */
  readonly distribution?: string;
  /**
   * `+kovn<revision>.<id8>`, then the variant, such as `.legacy`, unless it is `default`, and then the
   * distribution, such as `.deb12`, if it decides what the job makes. id8 is the same on every architecture and every distribution.
   */
  readonly versionSuffix: string;
  readonly packages: readonly string[];
  /** Files that the job uses besides its source; absent if there are none. */
  readonly inputs?: readonly { readonly name: string; readonly sha256: string }[];
  readonly steps: readonly Step[];
  /** Files that jobs which need this one may use; kept with the result. */
  readonly outputs: readonly string[];
  readonly artifacts: readonly string[];
}

/** Everything that a plan is made from. */
export interface PlanInput {
  readonly line: string;
  readonly pipeline: Pipeline;
  readonly variant: string;
  readonly arch: string;
  /** The distribution of what the jobs are built in; undefined where it is unknown. */
  readonly distribution: string | undefined;
  /** What the jobs are built in, such as `debian:12`; absent for the machine itself. */
  readonly root?: string;
  /** The architecture of the machine, where it is another one than `arch` and the jobs have a root. */
  readonly buildArch?: string;
  /** Ids of jobs; all jobs if there are none. */
  readonly only: readonly string[];
  readonly sources: Readonly<Record<string, Source>>;
  /** Bases of each source, the preferred one first. */
  readonly bases: Readonly<Record<string, readonly Base[]>>;
  /** Files that each job uses besides its source. */
  readonly inputs: Readonly<Record<string, readonly InputFile[]>>;
  /** The lock of each source; undefined in an unlocked build. */
  readonly locks: Readonly<Record<string, LockedSource>> | undefined;
}

/**
 * Makes a plan. Pure. Throws "project" for a job whose source the line lacks or the lock does not
 * know.
 */
export function makePlan(input: PlanInput): Plan {
  const { pipeline, line, variant, arch } = input;
  const flags = pipeline.flags[variant]?.[arch] ?? "";
  const root = {
    ...(input.root === undefined ? {} : { root: input.root }),
    ...(input.buildArch === undefined ? {} : { buildArch: input.buildArch }),
  };
  const planned = new Map<string, PlannedJob & { readonly id8: string; readonly isFor: string | undefined }>();
  for (const id of plannedJobs(pipeline, input.only)) {
    const job = pipelineJob(pipeline, id);
    const source = input.sources[job.source];
    const [base, ...otherBases] = input.bases[job.source] ?? [];
    if (source === undefined || base === undefined)
      throw new BuildError(
        "project",
        `Job \`${id}\` of pipeline \`${pipeline.name}\` has no source \`${job.source}\` in line ${line}.`,
      );
    const patches = namesAndDigests(source.patches);
    const packaging = namesAndDigests(job.packaging === true ? packagingOf(source, base) : []);
    const files = namesAndDigests(input.inputs[id] ?? []);
    const inputs = files.length === 0 ? {} : { inputs: files };
    const digests = { patches: digestsOf(patches), ...(packaging.length === 0 ? {} : { packaging: digestsOf(packaging) }) };
    const isFor = job.isForDistribution === true ? input.distribution : undefined;
    const distribution = isFor === undefined ? {} : { distribution: isFor };
    const picks = picksOf(base).map(pickContent);
    const content = { base: baseId(base), ...(picks.length === 0 ? {} : { picks }), ...digests, ...inputs };
    const needed = job.needs.map((need) => planned.get(need)).filter((other) => other !== undefined);
    // A job that uses what was built for a distribution is for that distribution as well.
    const suffixed = isFor ?? needed.find((other) => other.isFor !== undefined)?.isFor;
    const says = saysOf(line, source, base, [...patches, ...packaging]);
    const id8 = keyOf({
      ...content,
      says,
      variant,
      flags: { [variant]: pipeline.flags[variant] },
      job,
      needs: needed.map((other) => other.id8),
    }).slice(0, 8);
    const key = keyOf({
      ...content,
      ...distribution,
      ...root,
      variant,
      arch,
      flags,
      id8,
      steps: job.steps,
      needs: needed.map((other) => other.key),
    });
    const locked = lockedBase(input, job.source, base, packaging.length > 0);
    planned.set(id, {
      id,
      id8,
      isFor: suffixed,
      needs: job.needs,
      key,
      base,
      otherBases,
      source: {
        name: source.name,
        version: base.kind === "git" ? source.version : base.version,
        revision: source.revision,
        patches,
      },
      ...(packaging.length === 0 ? {} : { packaging }),
      ...(locked === undefined ? {} : { locked }),
      ...distribution,
      versionSuffix: `+kovn${source.revision}.${id8}${variantSuffix(variant)}${distributionSuffix(suffixed)}`,
      packages: packagesFor(job, input),
      ...inputs,
      steps: job.steps,
      outputs: job.outputs,
      artifacts: job.artifacts,
    });
  }
  return {
    schema: 1,
    target: pipeline.target,
    line,
    variant,
    arch,
    flags,
    ...root,
    ...(pipeline.toolchain === undefined ? {} : { toolchain: pipeline.toolchain }),
    jobs: [...planned.values()].map(({ id8: _, isFor: __, ...job }) => job),
  };
}

/** What files say about how they were built, and what the digests of patches do not decide. */
function saysOf(line: string, source: Source, base: Base, patches: PlannedPatches): object {
  const from = base.kind === "git" ? base.url : `${base.package} ${base.version}`;
  const why = [...picksOf(base), ...missingPicksOf(base)].map((pick) => pick.why);
  const { name, version, license = "" } = source;
  return { line, name, version, license, from, why, patches: patches.map((patch) => patch.name) };
}

function namesAndDigests(files: PlannedPatches): PlannedPatches {
  return files.map(({ name, sha256 }) => ({ name, sha256 }));
}

function digestsOf(patches: PlannedPatches): readonly string[] {
  return patches.map((patch) => patch.sha256);
}

/**
 * Returns a base's commits in the lock, with those of packaging patches if the job uses them;
 * undefined in an unlocked build. Throws "project" for a base that the lock lacks.
 */
function lockedBase({ locks, line }: PlanInput, source: string, base: Base, withPackaging: boolean): LockedBase | undefined {
  if (locks === undefined) return undefined;
  const locked = locks[source]?.bases[baseId(base)];
  if (locked === undefined || (withPackaging && locked.packaged === undefined))
    throw new BuildError("project", `The lock of \`${source}\` has no patched commit for ${describeBase(base)}.`, {
      hint: `kovn-build patches lock --line ${line}, or --unlocked to build anyway`,
    });
  const { commit, tree, packaged } = locked;
  return { commit, tree, ...(withPackaging && packaged !== undefined ? { packaged } : {}) };
}

/** Lists the jobs of a build with `--only`, in order; all jobs if `only` is empty. */
export function plannedJobs(pipeline: Pipeline, only: readonly string[]): readonly string[] {
  return orderJobs(only.length > 0 ? only : Object.keys(pipeline.jobs), (id) => pipelineJob(pipeline, id).needs);
}

function pipelineJob(pipeline: Pipeline, id: string): PipelineJob {
  const job = pipeline.jobs[id];
  if (job === undefined) throw new BuildError("usage", `Job \`${id}\` is not in pipeline \`${pipeline.name}\`.`);
  return job;
}
