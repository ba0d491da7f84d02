import { differencesOf, type Difference } from "../dist/differences.ts";
import type { Artifact, BuiltJob, Manifest } from "../dist/manifest.ts";
import type { Plan, PlannedJob } from "../plan/plan.ts";
import { makeRecord } from "../record.ts";
import { explainChange, partsOf, type Parts } from "./parts.ts";

/** A job of one of two builds, or of both. */
export interface ComparedJob {
  readonly job: string;
  readonly in: "both" | "before" | "after";
  /** Why the results differ, a line each. */
  readonly changes: readonly string[];
  /** True if not all that the results depend on is known: one of the builds did not record it. */
  readonly isPartial: boolean;
  /** True if both are of the same patched tree. */
  readonly isSameTree: boolean;
  /** The files of the second build that are not in the first, or have other bytes there. */
  readonly files: readonly Difference[];
  /** The files that only the first build has. */
  readonly gone: readonly Artifact[];
  /** How many files have the same bytes. */
  readonly same: number;
}

/** How two builds of a target differ. */
export interface ComparedBuilds {
  /** What the whole builds differ in, a line each. */
  readonly builders: readonly string[];
  readonly jobs: readonly ComparedJob[];
}

/** Compares two builds: what their jobs were built from, and the bytes that they made. */
export function compareBuilds(before: Manifest, after: Manifest): ComparedBuilds {
  const ids = [...new Set([...after.jobs, ...before.jobs].map(({ id }) => id))];
  return { builders: compareBuilders(before, after), jobs: ids.map((id) => compareJob(id, before, after)) };
}

function compareBuilders({ builder: old }: Manifest, { builder: now }: Manifest): readonly string[] {
  const names = { version: "kovn-build", node: "Node" } as const;
  return (["version", "node"] as const).flatMap((key) =>
    old[key] === now[key] ? [] : [`${names[key]}: ${old[key]} → ${now[key]}`],
  );
}

function compareJob(id: string, before: Manifest, after: Manifest): ComparedJob {
  const [old, now] = [before, after].map(({ jobs }) => jobs.find((job) => job.id === id));
  const [olds, nows] = [before, after].map(({ artifacts }) => artifacts.filter(({ job }) => job === id)) as [
    Artifact[],
    Artifact[],
  ];
  const { artifacts, gone } = differencesOf(nows, olds);
  const files = artifacts.filter(({ artifact, before: same }) => artifact.sha256 !== same?.sha256);
  const isPartial = old?.parts === undefined || now?.parts === undefined;
  const [some, others] = [[before, old] as const, [after, now] as const].map(
    ([manifest, job]) => job && (isPartial ? knownParts(manifest, job) : withRevision(job.parts ?? {}, job)),
  );
  return {
    job: id,
    in: old === undefined ? "after" : now === undefined ? "before" : "both",
    changes: some === undefined || others === undefined ? [] : explainChange(some, others),
    isPartial,
    isSameTree: treeOf(old) === treeOf(now),
    files,
    gone,
    same: artifacts.length - files.length,
  };
}

function treeOf(job: BuiltJob | undefined): string | undefined {
  return job?.packaged?.tree ?? job?.patchedTree;
}

/** What is not known of a job before it is built, or not of every build. */
const unplanned = /^(package |job |code of kovn-build$)/;

/** Why a job as it is planned now is not the one that was built, a line each; none if it is the same. */
export function changesSince(manifest: Manifest, built: BuiltJob, plan: Plan, job: PlannedJob): readonly string[] {
  if (job.key === built.key) return [];
  const { parts = knownParts(manifest, built) } = built;
  const blank = { steps: [], versionSuffix: "", artifacts: [], outputs: [] };
  const local = { tools: makeRecord<string>(), code: "", needs: makeRecord<string>() };
  const now = partsOf(plan, built.parts === undefined ? { ...job, ...blank } : job, local);
  const ofPlan = (all: Parts) => makeRecord(Object.entries(all).filter(([name]) => !unplanned.test(name)));
  const { revision } = job.source;
  const changes = explainChange(ofPlan(withRevision(parts, built)), ofPlan({ ...now, revision: String(revision) }));
  return changes.length > 0 ? changes : ["a part of the pipeline's job, or of a job that it needs, changed"];
}

/** The suffix of the version has the revision, and explains less. */
function withRevision(parts: Parts, { revision }: BuiltJob): Parts {
  return { ...parts, revision: String(revision) };
}

/** The parts of a job as far as a build has recorded them in its other fields. */
function knownParts(manifest: Manifest, job: BuiltJob): Parts {
  const { id, base, picks = [], version, series, packaging, inputs, distribution, tools } = job;
  const taken = picks.map(({ commit, why, without }) => ({ commit, why, without: [...without] }));
  const planned = {
    id,
    base: base.kind === "git" ? { ...base, picks: taken } : base,
    source: { version, patches: series },
    ...(packaging === undefined ? {} : { packaging }),
    ...(inputs === undefined ? {} : { inputs }),
    ...(distribution === undefined ? {} : { distribution }),
    ...{ steps: [], versionSuffix: "", artifacts: [], outputs: [] },
  };
  const { target, line, variant, arch, buildArch, flags } = manifest;
  const root = {
    ...(job.root === undefined ? {} : { root: job.root.name }),
    ...(buildArch === undefined ? {} : { buildArch }),
  };
  return withRevision(
    partsOf({ target, line, variant, arch, flags, ...root }, planned, { tools, code: "", needs: makeRecord() }),
    job,
  );
}
