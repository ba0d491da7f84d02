import { baseId } from "../plan/base.ts";
import { picksOf } from "../plan/picks.ts";
import { keyOf } from "../plan/key.ts";
import type { Plan, PlannedJob } from "../plan/plan.ts";
import { makeRecord } from "../record.ts";

/**
 * Everything that a job's result depends on, by name, each as a short text. Two results are equal
 * when all their parts are.
 */
export type Parts = Readonly<Record<string, string>>;

/** What only the machine that builds knows, so that a job's key cannot hold it. */
export interface LocalParts {
  /** Versions of Debian packages that can change the result. */
  readonly tools: Readonly<Record<string, string>>;
  /** sha256 of the code of kovn-build. */
  readonly code: string;
  /** Cache keys of the jobs that this one needs, by id. */
  readonly needs: Readonly<Record<string, string>>;
}

const order = "order of the patches";
const suffix = "version suffix";

type PartsPlan = Pick<Plan, "target" | "line" | "variant" | "arch" | "buildArch" | "flags" | "root">;
type PartsJob = Pick<
  PlannedJob,
  "id" | "base" | "packaging" | "inputs" | "distribution" | "steps" | "versionSuffix" | "artifacts" | "outputs"
> & { readonly source: Pick<PlannedJob["source"], "version" | "patches"> };

/** The parts of a job. */
export function partsOf(plan: PartsPlan, job: PartsJob, { tools, code, needs }: LocalParts): Parts {
  const named = (kind: string, values: Readonly<Record<string, string>>) =>
    makeRecord(Object.entries(values).map(([name, value]) => [`${kind} ${name}`, value]));
  const picks = picksOf(job.base);
  const patches = [...job.source.patches, ...(job.packaging ?? [])];
  return {
    target: plan.target,
    line: plan.line,
    job: job.id,
    variant: plan.variant,
    architecture: plan.arch,
    ...(plan.buildArch === undefined ? {} : { "cross-compiled on": plan.buildArch }),
    flags: plan.flags,
    ...(plan.root === undefined ? {} : { root: plan.root }),
    ...(job.distribution === undefined ? {} : { distribution: job.distribution }),
    base: baseId(job.base),
    ...(picks.length === 0
      ? {}
      : { picks: picks.map(({ commit, without }) => [commit, ...without].join(" without ")).join(", ") }),
    [order]: patches.map((patch) => patch.name).join(" "),
    ...named("patch", makeRecord(patches.map((patch) => [patch.name, patch.sha256]))),
    ...named("input", makeRecord((job.inputs ?? []).map((input) => [input.name, input.sha256]))),
    ...named("step", makeRecord(job.steps.map((step, index) => [`${index + 1} (${step.uses})`, keyOf(step)]))),
    ...named("job", needs),
    ...named("package", tools),
    version: job.source.version,
    [suffix]: job.versionSuffix,
    artifacts: job.artifacts.join(" "),
    outputs: job.outputs.join(" "),
    "code of kovn-build": code,
  };
}

/**
 * The differences between two sets of parts, one line each, such as `flags: -O2 → -O3`; none when
 * they are equal.
 */
export function explainChange(before: Parts, after: Parts): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => before[name] !== after[name]);
  // The version suffix and the order of the patches also change along with others, which explain
  // more.
  const patches = names.some((name) => name.startsWith("patch ") && (before[name] === undefined || after[name] === undefined));
  const relevant = names.filter((name) => name !== suffix && !(name === order && patches));
  if (relevant.length === 0 && names.includes(suffix))
    return ["the source's revision, or a part of the pipeline's job that matters on other architectures"];
  return relevant.map((name) => `${name}: ${describe(before[name], after[name])}`);
}

function describe(before: string | undefined, after: string | undefined): string {
  const opaque = /^[0-9a-f]{64}$/;
  if (before === undefined) return opaque.test(after ?? "") ? "new" : `new, ${after}`;
  if (after === undefined) return "removed";
  return opaque.test(before) ? "changed" : `${before || "none"} → ${after || "none"}`;
}

/** How many parts differ. */
export function distance(a: Parts, b: Parts): number {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]).length;
}
