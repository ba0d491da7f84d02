import { BuildError } from "../errors.ts";
import type { Pipeline, PipelineJob } from "../config/pipeline.ts";
import type { InputFile } from "../config/inputs.ts";
import type { LockedSource } from "../config/lock.ts";
import type { Source } from "../config/source.ts";
import type { Step } from "../steps/registry.ts";
import { baseId, describeBase, type Base } from "./base.ts";
import { orderJobs } from "./graph.ts";
import { keyOf } from "./key.ts";

/** What a build will do, known before anything runs: `plan --json` prints it, `build` runs it. */
export interface Plan {
  readonly schema: 1;
  readonly target: string;
  readonly line: string;
  readonly variant: string;
  readonly arch: string;
  readonly flags: string;
  /** Which of a target's pipelines this is; absent where there is but one. */
  readonly toolchain?: string;
  readonly jobs: readonly PlannedJob[];
}

/** A job, resolved: each job stands after those that it needs. */
export interface PlannedJob {
  readonly id: string;
  readonly needs: readonly string[];
  /** sha256 over all that is known to decide the result: base, patches in order, input files, steps, flags, architecture, variant, keys of needed jobs. */
  readonly key: string;
  readonly base: Base;
  /** Bases that are tried in this order when the first is not reached. */
  readonly otherBases: readonly Base[];
  readonly source: {
    readonly name: string;
    readonly version: string;
    readonly revision: number;
    readonly patches: readonly { readonly name: string; readonly sha256: string }[];
  };
  /** What the lock says the patched source is; absent in a build of an unlocked series. */
  readonly locked?: { readonly commit: string; readonly tree: string };
  /** `+kovn<revision>.<id8>`; id8 is the same on every architecture. */
  readonly versionSuffix: string;
  readonly packages: readonly string[];
  /** Files that the job uses besides its source; absent where there are none. */
  readonly inputs?: readonly { readonly name: string; readonly sha256: string }[];
  readonly steps: readonly Step[];
  /** What jobs that need this one may use of its folder; kept with the result. */
  readonly outputs: readonly string[];
  readonly artifacts: readonly string[];
}

/** All that a plan is made of, read beforehand. `bases` gives each source's bases in the order of preference. */
export interface PlanInput {
  readonly line: string;
  readonly pipeline: Pipeline;
  readonly variant: string;
  readonly arch: string;
  /** Job ids; none means all. */
  readonly only: readonly string[];
  readonly sources: Readonly<Record<string, Source>>;
  readonly bases: Readonly<Record<string, readonly Base[]>>;
  /** Files that a job uses besides its source, by job. */
  readonly inputs: Readonly<Record<string, readonly InputFile[]>>;
  /** The lock of each source; undefined in a build of an unlocked series. */
  readonly locks: Readonly<Record<string, LockedSource>> | undefined;
}

/** Makes the plan: a pure function of its input. Throws "project" for a job whose source was not read. */
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

/** Ids of the jobs that a build with `--only` needs, in order; all jobs when `only` is empty. */
export function plannedJobs(pipeline: Pipeline, only: readonly string[]): readonly string[] {
  return orderJobs(only.length > 0 ? only : Object.keys(pipeline.jobs), (id) => pipelineJob(pipeline, id).needs);
}

function pipelineJob(pipeline: Pipeline, id: string): PipelineJob {
  const job = pipeline.jobs[id];
  if (job === undefined) throw new BuildError("usage", `Job \`${id}\` is not in pipeline \`${pipeline.name}\`.`);
  return job;
}
