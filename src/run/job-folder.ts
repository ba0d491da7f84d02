import { join } from "node:path";
import type { RunContext } from "./context.ts";

/** The folder of a job in a run. */
export function jobFolder({ run, elsewhere }: Pick<RunContext, "run" | "elsewhere">, job: string): string {
  return join(run, elsewhere?.folder ?? "", job);
}
