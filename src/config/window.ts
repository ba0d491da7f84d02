import { BuildError } from "../errors.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Source } from "./source.ts";

/** Throws "usage" for a source that is newer than what the pipeline can build of it, with the reason that the pipeline gives. */
export function refuseBeyondWindow({ name, until = {} }: Pipeline, line: string, sources: readonly Source[]): void {
  for (const source of sources) {
    const last = until[source.name];
    if (last === undefined || compareReleases(source.version, last.version) <= 0) continue;
    throw new BuildError(
      "usage",
      `Line ${line} has \`${source.name}\` ${source.version}, and pipeline \`${name}\` builds it up to ${last.version}: ${last.why}.`,
      { hint: "kovn-build plan --line LINE, with an older line" },
    );
  }
}

/** Compares the first two numbers of versions, such as 3.1.8 with 3.7, or 22.03.1 with 22.12. */
function compareReleases(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA - majorB || minorA - minorB;
}
