import type { Project } from "../../config/project.ts";
import { readSources } from "../../config/source.ts";
import type { From } from "../../plan/base.ts";
import type { Host } from "../../sys/exec.ts";
import { runTask } from "../../sys/run-task.ts";
import { comparePair, type Pair } from "./pair.ts";
import { compareWithUpstream, type OutdatedSource } from "./source.ts";

/** A line, and what its upstreams have that its pins lack. */
export interface OutdatedLine {
  readonly line: string;
  readonly sources: readonly OutdatedSource[];
  readonly pairs: readonly Pair[];
}

/** Compares each source of a line with its upstream, and the sources with each other. Throws like `compareWithUpstream`. */
export async function findOutdated(line: string, from: From, project: Project, host: Host): Promise<OutdatedLine> {
  const sources = await readSources(project, line, host);
  const compared: Awaited<ReturnType<typeof compareWithUpstream>>[] = [];
  for (const source of sources)
    compared.push(
      await runTask(host, `${source.name} of line ${line}`, async (below) => compareWithUpstream(source, from, project, below)),
    );
  const sides = (of: Pair["of"]) =>
    compared.map(({ found, mirror }) => ({ name: found.source, commit: (of === "pins" ? found.pin : found.tip).id, mirror }));
  const hasMoved = compared.some(({ found }) => found.commits.length > 0);
  const pairs: Pair[] = [];
  for (const of of hasMoved ? (["pins", "tips"] as const) : (["pins"] as const))
    for (const own of sides(of))
      for (const other of sides(of).filter(({ name }) => name !== own.name)) {
        const pair = await comparePair(of, own, other, host);
        if (pair !== undefined) pairs.push(pair);
      }
  return { line, sources: compared.map(({ found }) => found), pairs };
}

/** True if upstream has something that a person may want to take. */
export function isOutdated({ sources }: OutdatedLine): boolean {
  return sources.some(({ commits, fixes }) => commits.length + fixes.length > 0);
}
