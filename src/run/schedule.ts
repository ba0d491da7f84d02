import PQueue from "p-queue";

interface Node {
  readonly id: string;
  readonly needs: readonly string[];
}

export interface ScheduleOptions<Job> {
  /** The most jobs at once. */
  readonly limit: number;
  /** True when a failure stops only the jobs that need what failed. */
  readonly keepGoing: boolean;
  /** Told of a job that cannot run, and which of those that it needs are not there. */
  readonly onSkip: (job: Job, lost: readonly string[]) => void;
}

/**
 * Runs `work` for each job as soon as those that it needs are done, or have said that they are `ready`, and answers with the failures when all that run have ended. The first
 * failure stops the start of others, unless told to keep going. Jobs must stand after those that they need.
 */
export async function schedule<Job extends Node>(
  jobs: readonly Job[],
  { limit, keepGoing, onSkip }: ScheduleOptions<Job>,
  work: (job: Job, ready: () => void) => Promise<void>,
): Promise<readonly unknown[]> {
  const queue = new PQueue({ concurrency: limit });
  const running: Promise<void>[] = [];
  const usable = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  const lost = new Set<string>();
  for (const job of jobs) {
    const needs = job.needs.flatMap((need) => usable.get(need) ?? []);
    let ready: () => void = () => undefined;
    usable.set(job.id, new Promise((resolve) => (ready = resolve)));
    const run = async () => {
      await Promise.all(needs);
      await queue.add(async () => {
        if (failures.length > 0 && !keepGoing) return;
        // Asked here, since what was ready may have failed while this one waited for its turn.
        const missing = job.needs.filter((need) => lost.has(need));
        if (missing.length > 0) {
          lost.add(job.id);
          return onSkip(job, missing);
        }
        // Noted before the queue starts the next one.
        await work(job, ready).catch((error: unknown) => {
          lost.add(job.id);
          failures.push(error);
        });
      });
    };
    running.push(run().finally(ready));
  }
  await Promise.all(running);
  return failures;
}
