import { BuildError } from "../errors.ts";
import type { Pipeline, PipelineJob } from "../config/pipeline.ts";
import type { InputFile } from "../config/inputs.ts";
import type { LockedSource } from "../config/lock.ts";
import type { Source } from "../config/source.ts";
import type { Step } from "../steps/registry.ts";
import { baseId, describeBase, type Base } from "./base.ts";
import { orderJobs } from "./graph.ts";
import { keyOf } from "./key.ts";

/** What a build will do. `plan --json` prints it, `build` runs it. */
export interface Plan {
  readonly schema: 1;
  readonly target: string;
  readonly line: string;
  readonly variant: string;
  readonly arch: string;
  readonly flags: string;
  /** Selects one of a target's pipelines; absent if there is only one. */
  readonly toolchain?: string;
  readonly jobs: readonly PlannedJob[];
}

/** A job of a plan. Jobs are listed after those that they need. */
export interface PlannedJob {
  readonly id: string;
  readonly needs: readonly string[];
  /** sha256 over all that is known to decide the result: base, patches in order, input files, steps, flags, architecture, variant, keys of needed jobs. */
  readonly key: string;
  readonly base: Base;
  /** Bases to try, in this order, if the first cannot be reached. */
  readonly otherBases: readonly Base[];
  readonly source: {
    readonly name: string;
    readonly version: string;
    readonly revision: number;
    readonly patches: readonly { readonly name: string; readonly sha256: string }[];
  };
  /** The patched source according to the lock; absent in an unlocked build. */
  readonly locked?: { readonly commit: string; readonly tree: string };
  /** `+kovn<revision>.<id8>`; id8 is the same on every architecture. */
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
  const planned = new Map<string, PlannedJob & { readonly id8: string }>();
  for (const id of plannedJobs(pipeline, input.only)) {
    const job = pipelineJob(pipeline, id);
    const source = input.sources[job.source];
    const [base, ...otherBases] = input.bases[job.source] ?? [];
    if (source === undefined || base === undefined)
      throw new BuildError(
        "project",
        `Job \`${id}\` of pipeline \`${pipeline.name}\` has no source \`${job.source}\` in line ${line}.`,
      );
    const patches = source.patches.map(({ name, sha256 }) => ({ name, sha256 }));
    const files = (input.inputs[id] ?? []).map(({ name, sha256 }) => ({ name, sha256 }));
    const inputs = files.length === 0 ? {} : { inputs: files };
    const content = { base: baseId(base), patches: patches.map((patch) => patch.sha256), ...inputs };
    const needed = job.needs.map((need) => planned.get(need)).filter((other) => other !== undefined);
    const id8 = keyOf({ ...content, variant, flags: pipeline.flags, job, needs: needed.map((other) => other.id8) }).slice(0, 8);
    const key = keyOf({ ...content, variant, arch, flags, id8, steps: job.steps, needs: needed.map((other) => other.key) });
    const locked = input.locks?.[job.source]?.bases[baseId(base)];
    if (input.locks !== undefined && locked === undefined) throw unlockedBase(job.source, base);
    planned.set(id, {
      id,
      id8,
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
      ...(locked === undefined ? {} : { locked }),
      versionSuffix: `+kovn${source.revision}.${id8}`,
      packages: job.packages,
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
    ...(pipeline.toolchain === undefined ? {} : { toolchain: pipeline.toolchain }),
    jobs: [...planned.values()].map(({ id8: _, ...job }) => job),
  };
}

function unlockedBase(source: string, base: Base): BuildError {
  return new BuildError("project", `The lock of \`${source}\` knows no patched commit for ${describeBase(base)}.`, {
    hint: "kovn-build patches lock, or --unlocked to build all the same",
  });
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
