import PQueue from "p-queue";

interface Node {
  readonly id: string;
  readonly needs: readonly string[];
}

export interface ScheduleOptions<Job> {
  /** The most jobs at once. */
  readonly limit: number;
  /** True when a failure only stops the jobs that need the failed one. */
  readonly keepGoing: boolean;
  /** Called for a job that cannot run, with the needed jobs that failed or were skipped. */
  readonly onSkip: (job: Job, lost: readonly string[]) => void;
  /**
   * Does what a job needs no other job for. Called at most once, while needed jobs run and no other
   * job can start; `work` comes after it.
   */
  readonly begin: (job: Job) => Promise<void>;
}

/**
 * Runs `work` for each job as soon as the jobs that it needs are done, or have called `ready`.
 * Returns the failures, after all running jobs have ended. After the first failure no other job
 * starts, unless `keepGoing` is set. Each job must come after those that it needs.
 */
export async function schedule<Job extends Node>(
  jobs: readonly Job[],
  { limit, keepGoing, onSkip, begin }: ScheduleOptions<Job>,
  work: (job: Job, ready: () => void) => Promise<void>,
): Promise<readonly unknown[]> {
  const queue = new PQueue({ concurrency: limit });
  const running: Promise<void>[] = [];
  const usable = new Map<string, Promise<void>>();
  const unready = new Set<string>();
  const begun = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  const lost = new Set<string>();
  for (const job of jobs) {
    const needs = job.needs.flatMap((need) => usable.get(need) ?? []);
    let resolveReady: () => void = () => undefined;
    usable.set(job.id, new Promise((resolve) => (resolveReady = resolve)));
    unready.add(job.id);
    const ready = () => {
      unready.delete(job.id);
      resolveReady();
    };
    const run = async () => {
      if (failures.length > 0 && !keepGoing) return;
      // Checked here: a job that was ready may have failed while this one waited for its turn.
      const missing = job.needs.filter((need) => lost.has(need));
      if (missing.length > 0) {
        lost.add(job.id);
        return onSkip(job, missing);
      }
      await work(job, ready).catch((error: unknown) => {
        lost.add(job.id);
        failures.push(error);
      });
    };
    const wait = async () => {
      // A job that needs none is in the queue before any other begins.
      if (needs.length > 0) await Promise.all(needs).then(async () => begun.get(job.id));
      // What became of it is recorded before the queue starts the next job.
      await queue.add(async () => run().finally(ready));
    };
    running.push(wait());
  }
  for (const job of jobs) {
    const beginHere = async () => {
      if (!job.needs.some((need) => unready.has(need)) || (failures.length > 0 && !keepGoing)) return;
      const beginning = begin(job).catch((error: unknown) => void failures.push(error));
      begun.set(job.id, beginning);
      await beginning;
    };
    if (job.needs.length > 0) running.push(queue.add(beginHere, { priority: -1 }));
  }
  await Promise.all(running);
  return failures;
}
