import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Source } from "../config/source.ts";
import { fetchBase, type Fetched } from "../patches/mirror.ts";
import { describeBase } from "../plan/base.ts";
import type { Plan } from "../plan/plan.ts";
import { refuseDoubles } from "../release/artifact.ts";
import { recoverDist, writeDist } from "../release/dist.ts";
import type { Artifact, BuiltJob } from "../release/manifest.ts";
import type { Host } from "../sys/exec.ts";
import { ownPid } from "../sys/processes.ts";
import type { Emit } from "./events.ts";
import { runJob } from "./job.ts";
import { schedule } from "./schedule.ts";

export interface BuildOptions {
  readonly plan: Plan;
  readonly sources: Readonly<Record<string, Source>>;
  /** The `.kovn` folder. */
  readonly work: string;
  /** The folder for results; the target's folder lies in it. */
  readonly out: string;
  /** Parallel processes of a step, and the most jobs at once. */
  readonly parallel: number;
  readonly builder: { readonly name: string; readonly version: string; readonly node: string };
  readonly host: Host;
  readonly emit: Emit;
}

/**
 * Runs a plan on a machine that is fit for it: bases, jobs, result folder. `<out>/<target>` changes only when all jobs succeeded. Throws `BuildError` with what
 * to do; partial work stays in `.kovn/runs` to be looked at.
 */
export async function build(options: BuildOptions): Promise<void> {
  const { plan, work, host, emit } = options;
  const started = performance.now();
  const out = resolve(options.out);
  await recoverDist(out, plan.target, host.signal);
  const bases = await fetchBases(options);
  const run = join(work, "runs", runName());
  const results = new Map<string, { built: BuiltJob; artifacts: readonly Artifact[] }>();
  await schedule(plan.jobs, options.parallel, async (job) => {
    host.signal.throwIfAborted();
    const source = options.sources[job.source.name];
    const base = bases.get(job.source.name);
    if (source === undefined || base === undefined) throw new Error(`job ${job.id} was planned without a source`);
    const dir = join(run, job.id);
    await mkdir(dir, { recursive: true });
    results.set(job.id, await runJob(job, { plan, source, base, work, dir, parallel: options.parallel, host, emit }));
  });
  const artifacts = [...results.values()].flatMap((result) => result.artifacts).toSorted((a, b) => (a.file < b.file ? -1 : 1));
  refuseDoubles(artifacts);
  const { schema, target, line, variant, arch, flags } = plan;
  const jobs = plan.jobs.flatMap(({ id }) => results.get(id)?.built ?? []);
  const manifest = { schema, target, line, variant, arch, flags, builder: options.builder, jobs, artifacts };
  const folder = await writeDist(out, manifest, (job) => join(run, job, "out"), host.signal);
  emit({ event: "done", folder, duration: Math.round(performance.now() - started), artifacts });
}

async function fetchBases({ plan, work, host, emit }: BuildOptions): Promise<ReadonlyMap<string, Fetched>> {
  const fetched = new Map<string, Fetched>();
  for (const { source, base } of plan.jobs) {
    if (fetched.has(source.name)) continue;
    const result = await fetchBase(base, { work, host, notice: (message) => emit({ event: "notice", message }) });
    fetched.set(source.name, result);
    emit({ event: "base", source: source.name, base, commit: result.commit });
    if (base.kind !== "git")
      emit({
        event: "notice",
        message: `Source \`${source.name}\` is taken from an alternate: ${describeBase(base)}, not from the pinned commit.`,
      });
  }
  return fetched;
}

/** Names a run by its start, so that runs sort by time; the process id keeps two runs of one second apart. */
function runName(): string {
  return `${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}-${ownPid}`;
}
