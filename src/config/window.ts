import { BuildError } from "../errors.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Source } from "./source.ts";

/**
 * Throws "usage" for a source that is too new for the pipeline, with the reason that the pipeline
 * gives.
 */
export function assertInWindow(pipeline: Pipeline, line: string, sources: readonly Source[]): void {
  const source = findBeyond(pipeline, sources);
  const last = pipeline.until?.[source?.name ?? ""];
  if (source === undefined || last === undefined) return;
  throw new BuildError(
    "usage",
    `Line ${line} has \`${source.name}\` ${source.version}, but pipeline \`${pipeline.name}\` builds it only up to ${last.version}: ${last.why}.`,
    { hint: "--line LINE, with an older line" },
  );
}

/** True when a source is too new for the pipeline. */
export function isBeyondWindow(pipeline: Pipeline, sources: readonly Source[]): boolean {
  return findBeyond(pipeline, sources) !== undefined;
}

function findBeyond({ until }: Pipeline, sources: readonly Source[]): Source | undefined {
  return sources.find(({ name, version }) => {
    const last = until?.[name];
    return last !== undefined && compareReleases(version, last.version) > 0;
  });
}

/** Compares the first two numbers of two versions, such as 3.1.8 and 3.7, or 22.03.1 and 22.12. */
function compareReleases(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA - majorB || minorA - minorB;
}
