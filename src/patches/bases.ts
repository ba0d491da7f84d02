import { BuildError } from "../errors.ts";
import { fetchBase, probeBase, type Fetched } from "./mirror.ts";
import { describeMissingPicks } from "../plan/picks.ts";
import { describeBase, type Base } from "../plan/base.ts";
import type { Host } from "../sys/exec.ts";
import { makeRecord } from "../record.ts";

export interface ReachOptions {
  /** The `.kovn` folder. */
  readonly work: string;
  /** True when `apt-get update` may run. */
  readonly refreshApt: boolean;
  readonly host: Host;
}

/** The bases of each source that can be reached, and an error for each source without one. */
export interface Reached {
  readonly bases: Readonly<Record<string, readonly Base[]>>;
  readonly failed: readonly BuildError[];
}

/**
 * Drops the bases that cannot be reached from the front of each source's list. Probes all sources
 * at once, within 20 s, and reports a notice for each source that uses another base than its first.
 */
export async function reachBases(bases: Readonly<Record<string, readonly Base[]>>, options: ReachOptions): Promise<Reached> {
  const reached = await Promise.allSettled(
    Object.entries(bases).map(async ([source, choices]) => [source, await dropUnreachable(source, choices, options)] as const),
  );
  const failed = reached.flatMap((result): unknown[] => (result.status === "rejected" ? [result.reason] : []));
  const unreached = failed.filter((error) => error instanceof BuildError && error.code === "network") as BuildError[];
  if (unreached.length < failed.length) throw failed.find((error) => !unreached.includes(error as BuildError));
  const found = reached.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  return { bases: makeRecord(found), failed: unreached };
}

/**
 * Fetches the first of a source's bases that can be reached, with a notice of the picks that it
 * lacks. Throws "network" when none can be reached, and like `fetchBase`.
 */
export async function fetchReachable(source: string, bases: readonly Base[], options: ReachOptions): Promise<Fetched> {
  const [base] = await dropUnreachable(source, bases, options);
  if (base === undefined) throw new Error(`no base for ${source}`);
  const lacks = describeMissingPicks(source, base);
  if (lacks !== undefined) options.host.task.notice(lacks);
  return fetchBase(base, options);
}

async function dropUnreachable(source: string, choices: readonly Base[], options: ReachOptions): Promise<readonly Base[]> {
  const reasons: string[] = [];
  for (const [index, base] of choices.entries()) {
    try {
      await probeBase(base, options);
    } catch (error) {
      if (!(error instanceof BuildError) || error.code !== "network") throw error;
      reasons.push(error.message);
      continue;
    }
    if (index > 0)
      options.host.task.notice(`${reasons.join(" ")} Source \`${source}\` is taken from ${describeBase(base)} instead.`);
    return choices.slice(index);
  }
  throw new BuildError("network", `Source \`${source}\` cannot be reached. ${reasons.join(" ")}`, {
    source,
    hint: `--from ${source}=PATH_OR_URL`,
  });
}
