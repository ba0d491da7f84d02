/** A job that has not ended. Times are milliseconds. */
export interface OpenJob {
  readonly id: string;
  readonly needs: readonly string[];
  /** How long the job takes, if known. */
  readonly expected: number | undefined;
  /** How long the job has been running; undefined for one that waits. */
  readonly elapsed: number | undefined;
}

/**
 * In how many milliseconds all jobs will have ended; undefined when it is not known how long one of
 * them takes. `parallel` is the most jobs at once. A job that takes longer than expected counts as
 * one that ends now.
 */
export function forecast(jobs: readonly OpenJob[], parallel: number): number | undefined {
  const all = jobs.flatMap((job) => (job.expected === undefined ? [] : [{ ...job, expected: job.expected }]));
  if (all.length < jobs.length) return undefined;
  const open = new Set(jobs.map((job) => job.id));
  const waiting = all.filter((job) => job.elapsed === undefined);
  const queue: (typeof all)[number][] = [];
  const running = all.flatMap(({ id, expected, elapsed }) =>
    elapsed === undefined ? [] : [{ id, end: Math.max(0, expected - elapsed) }],
  );
  // As `schedule` does it: jobs queue up in the order in which the jobs that they need end.
  for (let now = 0; ;) {
    for (const job of waiting.filter(({ needs }) => !needs.some((need) => open.has(need)))) {
      waiting.splice(waiting.indexOf(job), 1);
      queue.push(job);
    }
    for (const { id, expected } of queue.splice(0, Math.max(0, parallel - running.length)))
      running.push({ id, end: now + expected });
    running.sort((a, b) => a.end - b.end);
    const next = running.shift();
    if (next === undefined) return now;
    now = next.end;
    open.delete(next.id);
  }
}
