import PQueue from "p-queue";

/**
 * Runs `work` for each job as soon as those that it needs are done, at most `limit` at once. The first failure stops the start of others
 * and is thrown when those that run have ended. Jobs must stand after those that they need.
 */
export async function schedule<Job extends { readonly id: string; readonly needs: readonly string[] }>(
  jobs: readonly Job[],
  limit: number,
  work: (job: Job) => Promise<void>,
): Promise<void> {
  const queue = new PQueue({ concurrency: limit });
  const running = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  for (const job of jobs) {
    const needs = job.needs.flatMap((need) => running.get(need) ?? []);
    const run = async () => {
      await Promise.all(needs);
      await queue.add(async () => {
        if (failures.length === 0) await work(job);
      });
    };
    running.set(
      job.id,
      run().catch((error: unknown) => {
        failures.push(error);
      }),
    );
  }
  await Promise.all(running.values());
  if (failures.length > 0) throw failures[0];
}
