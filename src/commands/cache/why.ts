import type { Project } from "../../config/project.ts";
import { makePlan } from "../../plan/plan.ts";
import { openCache } from "../../cache/cache.ts";
import type { StoredEntry } from "../../cache/entry.ts";
import { cacheFolder } from "../../cache/folder.ts";
import { explainMiss, lookUp, type Lookup } from "../../cache/lookup.ts";
import type { Host } from "../../sys/exec.ts";
import { readRequest, type Machine, type RequestOptions } from "../../run/request.ts";

export interface CacheWhyOptions extends RequestOptions {
  readonly json: boolean;
}

export interface CacheWhySurroundings {
  readonly project: Project;
  readonly machine: Machine;
  readonly host: Host;
  readonly tell: (text: string) => void;
}

/** `kovn-build cache why`: for each job whether its result is kept, and if not, what changed since the nearest one. */
export async function cacheWhy(
  options: CacheWhyOptions,
  { project, machine, host, tell }: CacheWhySurroundings,
): Promise<string> {
  const plan = makePlan(await readRequest(options, project, machine, host));
  const notice = (message: string) => tell(`${message}\n`);
  const cache = await openCache(cacheFolder(project.work), { signal: host.signal, notice });
  const entries = cache === undefined ? [] : await cache.list();
  const lookups = await lookUp(plan, cache ?? { find: async () => undefined }, host);
  const answers = lookups.map((lookup) => answer(lookup, entries));
  if (options.json) return `${JSON.stringify({ schema: 1, jobs: answers }, undefined, 2)}\n`;
  return answers.map(showAnswer).join("");
}

interface Answer {
  readonly job: string;
  readonly key: string;
  /** When the kept result was finished; absent when there is none. */
  readonly finished?: string;
  /** When the nearest other result was finished, and what differs. */
  readonly nearest?: { readonly finished: string; readonly changes: readonly string[] };
}

function answer(lookup: Lookup, entries: readonly StoredEntry[]): Answer {
  const { job, key, entry } = lookup;
  if (entry !== undefined) return { job: job.id, key, finished: entry.finished };
  const miss = explainMiss(lookup, entries);
  if (miss === undefined) return { job: job.id, key };
  return { job: job.id, key, nearest: { finished: miss.nearest.finished, changes: miss.changes } };
}

function showAnswer({ job, key, finished, nearest }: Answer): string {
  const head = `${job}  ${key.slice(0, 12)}`;
  if (finished !== undefined) return `${head}  kept, built ${finished}\n`;
  if (nearest === undefined) return `${head}  not kept: nothing of this job is\n`;
  const lines = [
    `${head}  not kept; against the result of ${nearest.finished}:`,
    ...nearest.changes.map((change) => `  ${change}`),
  ];
  return `${lines.join("\n")}\n`;
}
