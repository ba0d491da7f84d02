import { keyOf } from "../plan/key.ts";
import { distance, explainChange, partsOf, type Parts } from "./parts.ts";
import type { Plan, PlannedJob } from "../plan/plan.ts";
import { debianDependencies } from "../sys/debian-dependencies.ts";
import type { Host } from "../sys/exec.ts";
import type { StoredEntry } from "./entry.ts";
import type { JobCache } from "./cache.ts";
import { jobCode } from "./code.ts";

/** A job of a plan and what the cache has of it. */
export interface Lookup {
  readonly job: PlannedJob;
  /** sha256 over the parts: where the result is kept. */
  readonly key: string;
  readonly parts: Parts;
  /** The finished job; undefined when it has to be built. */
  readonly entry: StoredEntry | undefined;
}

/** Looks each job of a plan up in the cache, in the plan's order; reads no more than descriptions. */
export async function lookUp(plan: Plan, cache: Pick<JobCache, "find">, host: Host): Promise<readonly Lookup[]> {
  const code = await jobCode();
  const lookups: Lookup[] = [];
  for (const job of plan.jobs) {
    const tools = await debianDependencies(job.packages, { host });
    const needed = lookups.filter((other) => job.needs.includes(other.job.id));
    const needs = Object.fromEntries(needed.map((other) => [other.job.id, other.key]));
    const parts = partsOf(plan, job, { tools, code, needs });
    const key = keyOf(parts);
    const entry = await cache.find(key);
    lookups.push({ job, key, parts, entry: isLocked(job, entry) ? entry : undefined });
  }
  return lookups;
}

/** False for what the lock does not know: it is built, so that the build says what is wrong. */
export function isLocked({ locked }: PlannedJob, entry: StoredEntry | undefined): boolean {
  return locked === undefined || locked.commit === entry?.built.patchedCommit;
}

/** An entry that is nearest to a job that has none, and what changed since then. */
export interface Miss {
  readonly nearest: StoredEntry;
  readonly changes: readonly string[];
}

/** Why a job is not in the cache: what differs from the entry of the same job that differs in least; undefined when there is none. */
export function explainMiss({ job, parts }: Lookup, entries: readonly StoredEntry[]): Miss | undefined {
  const same = entries.filter((entry) => entry.built.id === job.id && entry.parts["target"] === parts["target"]);
  const ranked = same
    .map((entry) => ({ entry, differs: distance(entry.parts, parts) }))
    .toSorted((a, b) => a.differs - b.differs);
  const nearest = ranked[0]?.entry;
  return nearest === undefined ? undefined : { nearest, changes: explainChange(nearest.parts, parts) };
}
