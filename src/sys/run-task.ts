import type { Host } from "./exec.ts";

/**
 * Runs work as a task below the host's own, with a host of its own, and returns or throws what it
 * does. `job` is set for the work of a job.
 */
export async function runTask<T>(host: Host, title: string, work: (host: Host) => Promise<T>, job?: string): Promise<T> {
  return host.task.run(title, async (task) => work({ ...host, task }), job);
}
