import { join } from "node:path";
import type { Plan } from "../plan/plan.ts";
import { readText } from "../sys/read-file.ts";
import { writeTemporary } from "../sys/write-whole.ts";

/**
 * How many milliseconds the job took in its last build on this machine; undefined when there was
 * none.
 */
export async function readExpected(work: string, plan: Plan, job: string): Promise<number | undefined> {
  const text = await readText(fileOf(work, plan, job), "a project file").catch(() => "");
  return /^\d+\n$/.test(text) ? Number(text) : undefined;
}

/** Records how many milliseconds a job took. */
export async function writeExpected(work: string, plan: Plan, job: string, duration: number): Promise<void> {
  await writeTemporary(fileOf(work, plan, job), `${duration}\n`);
}

function fileOf(work: string, { target, line, variant, buildArch, arch }: Plan, job: string): string {
  const cross = buildArch === undefined ? "" : `${arch}-`;
  return join(work, "durations", `${target}-${line}-${variant}-${cross}${job}`);
}
