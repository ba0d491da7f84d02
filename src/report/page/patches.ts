import type { Run, RunJob } from "./run.ts";

export type PatchState = "applied" | "failed" | "not reached";

/** A patch in a run. */
export interface RunPatch {
  readonly name: string;
  /** True for one that only packages need. */
  readonly isPackaging: boolean;
  readonly state: PatchState;
}

/** A series as jobs of a run applied it: one entry for all jobs with the same outcome. */
export interface RunSeries {
  readonly jobs: readonly string[];
  readonly source: RunJob["planned"]["source"];
  readonly base: RunJob["planned"]["base"];
  readonly patches: readonly RunPatch[];
}

/** Every series of a run, with what became of each patch. */
export function seriesOf({ jobs, failure }: Run): readonly RunSeries[] {
  const failed = new Set((failure?.at ?? []).map(({ file }) => file));
  const all = new Map<string, RunSeries>();
  for (const job of jobs) {
    const { source, base } = job.planned;
    const patches = patchesOf(job, failed);
    const key = JSON.stringify([source, base, patches]);
    all.set(key, { source, base, patches, jobs: [...(all.get(key)?.jobs ?? []), job.id] });
  }
  return [...all.values()];
}

function patchesOf({ planned, isPatched, state }: RunJob, failedFiles: ReadonlySet<string>): readonly RunPatch[] {
  const { source, packaging = [] } = planned;
  const named = [
    ...source.patches.map(({ name }) => ({ name, isPackaging: false })),
    ...packaging.map(({ name }) => ({ name, isPackaging: true })),
  ];
  const failed =
    state === "failed" && !isPatched ? named.findIndex(({ name }) => isIn(failedFiles, `${source.name}/${name}`)) : -1;
  const applied = isPatched ? named.length : Math.max(0, failed);
  return named.map(({ name, isPackaging }, index) => ({
    name,
    isPackaging,
    state: index < applied ? "applied" : index === failed ? "failed" : "not reached",
  }));
}

function isIn(files: ReadonlySet<string>, path: string): boolean {
  return [...files].some((file) => file === path || file.endsWith(`/${path}`));
}
