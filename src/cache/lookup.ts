import { keyOf } from "../plan/key.ts";
import type { Plan, PlannedJob } from "../plan/plan.ts";
import { debianDependencies, readDebianPackages, type DebianPackages } from "../sys/debian-dependencies.ts";
import type { Host } from "../sys/exec.ts";
import { makeRecord } from "../record.ts";
import type { JobCache } from "./cache.ts";
import { codeDigest } from "./code.ts";
import { distance, explainChange, partsOf, type Parts } from "./parts.ts";
import type { StoredResult } from "./result.ts";

/** A job of a plan and what the cache has of it. */
export interface Lookup {
  readonly job: PlannedJob;
  /** sha256 over the parts: the result's name in the cache. */
  readonly key: string;
  readonly parts: Parts;
  /** The cached result; undefined when there is none. */
  readonly result: StoredResult | undefined;
}

/**
 * Looks up each job of a plan in the cache, in the plan's order. `trees` has the root of each job that
 * is not built on the machine itself. Only reads descriptions, not the files.
 */
export async function lookUp(
  plan: Plan,
  cache: Pick<JobCache, "find"> | undefined,
  { host, trees = new Map<string, string>() }: { readonly host: Host; readonly trees?: ReadonlyMap<string, string> },
): Promise<readonly Lookup[]> {
  const code = codeDigest();
  const read = new Map<string | undefined, DebianPackages>();
  for (const tree of new Set(plan.jobs.map(({ id }) => trees.get(id)))) read.set(tree, await readDebianPackages({ host, tree }));
  const lookups: Lookup[] = [];
  for (const job of plan.jobs) {
    const needed = lookups.filter((other) => job.needs.includes(other.job.id));
    const needs = makeRecord(needed.map((other) => [other.job.id, other.key]));
    const installed = read.get(trees.get(job.id));
    const tools = installed === undefined ? {} : debianDependencies(installed, job.packages);
    const parts = partsOf(plan, job, { tools, code, needs });
    const key = keyOf(parts);
    const result = await cache?.find(key);
    lookups.push({ job, key, parts, result: isLocked(job, result) ? result : undefined });
  }
  return lookups;
}

/**
 * False for a result that differs from the lock: the job is built again, and the build then reports
 * the difference.
 */
export function isLocked({ locked }: PlannedJob, result: StoredResult | undefined): boolean {
  if (locked === undefined) return true;
  const { patchedCommit, packaged } = result?.built ?? {};
  return locked.commit === patchedCommit && locked.packaged?.commit === packaged?.commit;
}

/** Takes a result from the cache; `outputs` is true when other jobs use the job's folder. */
export type Take<T> = (lookup: Lookup, outputs: boolean) => Promise<T | undefined> | T | undefined;

/**
 * Takes the results of all jobs that need not be built, and returns them by job. A job without
 * declared outputs is built again when a job that uses its folder is: nobody knows what that job
 * uses.
 */
export async function takeResults<T>(lookups: readonly Lookup[], take: Take<T>): Promise<ReadonlyMap<string, T>> {
  const taken = new Map<string, T>();
  // From the end: each job decides what those that it needs must provide.
  for (const lookup of lookups.toReversed()) {
    const { id, outputs } = lookup.job;
    const isUsed = lookups.some(({ job }) => job.needs.includes(id) && !taken.has(job.id));
    if (lookup.result === undefined || (isUsed && outputs.length === 0)) continue;
    const result = await take(lookup, isUsed);
    if (result !== undefined) taken.set(id, result);
  }
  return taken;
}

/** The most similar result of a job that has none of its own, and how the job has changed since. */
export interface Miss {
  readonly nearest: StoredResult;
  readonly changes: readonly string[];
}

/**
 * Explains why a job is not in the cache, by comparing it with the most similar result of the same
 * job; undefined when there is none.
 */
export function explainMiss({ job, parts }: Lookup, results: readonly StoredResult[]): Miss | undefined {
  const same = results.filter((result) => result.built.id === job.id && result.parts["target"] === parts["target"]);
  const ranked = same
    .map((result) => ({ result, differs: distance(result.parts, parts) }))
    .toSorted((a, b) => a.differs - b.differs);
  const nearest = ranked[0]?.result;
  return nearest === undefined ? undefined : { nearest, changes: explainChange(nearest.parts, parts) };
}
