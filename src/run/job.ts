import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../errors.ts";
import type { InputFile } from "../config/inputs.ts";
import type { Source } from "../config/source.ts";
import { checkoutPatched } from "../patches/apply.ts";
import type { Fetched } from "../patches/mirror.ts";
import type { Plan, PlannedJob } from "../plan/plan.ts";
import { describeArtifacts, placeFile } from "../dist/artifact.ts";
import type { Artifact, BuiltJob } from "../dist/manifest.ts";
import { runStep } from "../steps/registry.ts";
import { installedPackages } from "../sys/apt.ts";
import type { Host, OnLines } from "../sys/exec.ts";
import { sha256File } from "../sys/files.ts";
import { patchId } from "../sys/git.ts";
import { describeBuilt } from "../dist/built.ts";
import type { CompilerCache } from "../compile/ccache.ts";
import type { Emit } from "./events.ts";
import { readExpected, writeExpected } from "./expected.ts";
import { openLog } from "./log.ts";
import { isWarning } from "./warning.ts";

export interface JobOptions {
  readonly plan: Plan;
  readonly source: Source;
  /** Where the plan's input files of this job lie. */
  readonly inputs: readonly InputFile[];
  readonly base: Fetched;
  /** The `.kovn` folder. */
  readonly work: string;
  /** The job's folder, new. */
  readonly dir: string;
  readonly parallel: number;
  /** What changed since it was built the last time. */
  readonly changes: readonly string[];
  readonly compilerCache: CompilerCache | undefined;
  /** Called when jobs that need this one may start, at the latest at its end. */
  readonly onReady: () => void;
  readonly host: Host;
  readonly emit: Emit;
}

export interface JobResult {
  readonly built: BuiltJob;
  readonly artifacts: readonly Artifact[];
}

/** Runs one job: patched source, steps in order, artifacts. Its whole output is in `<dir>/log`. Throws `BuildError` when it fails. */
export async function runJob(job: PlannedJob, options: JobOptions): Promise<JobResult> {
  const { dir, host, emit } = options;
  const started = performance.now();
  for (const folder of ["home", "tmp", "out"]) await mkdir(join(dir, folder), { recursive: true });
  const log = openLog(join(dir, "log"));
  const expected = await readExpected(options.work, options.plan, job.id);
  const { changes } = options;
  emit({ event: "job-start", job: job.id, log: log.path, ...(expected === undefined ? {} : { expected }), changes });
  let warnings = 0;
  const end = async (outcome: "built" | "failed" | "stopped") => {
    const compilerCache = await options.compilerCache?.stats(dir);
    emit({
      event: "job-end",
      job: job.id,
      outcome,
      duration: Math.round(performance.now() - started),
      warnings,
      log: log.path,
      tail: outcome === "failed" ? log.tail() : [],
      ...(compilerCache === undefined ? {} : { compilerCache }),
    });
    return compilerCache === undefined ? {} : { compilerCache };
  };
  try {
    const result = await runSteps(job, options, async (lines) => {
      await log.write(lines);
      for (const line of lines) {
        const warning = isWarning(line);
        if (warning) warnings += 1;
        emit({ event: "output", job: job.id, line, warning });
      }
    });
    await log.close();
    const duration = Math.round(performance.now() - started);
    await writeExpected(options.work, options.plan, job.id, duration);
    const counted = await end("built");
    return { ...result, built: { ...result.built, duration, ...counted } };
  } catch (error) {
    await log.close().catch(() => undefined);
    await end(host.signal.aborted ? "stopped" : "failed");
    throw error;
  }
}

async function runSteps(job: PlannedJob, options: JobOptions, onLines: OnLines): Promise<JobResult> {
  const { plan, source, base, dir, parallel, compilerCache, host, emit } = options;
  await takeInputs(options);
  const patched = await checkoutPatched(source, base, join(dir, "src"), host);
  if (job.locked !== undefined && job.locked.commit !== patched.commit) {
    throw new BuildError(
      "digest",
      `The patched commit of \`${source.name}\` is ${patched.commit}, the lock says ${job.locked.commit}.`,
      {
        hint: "kovn-build patches check",
      },
    );
  }
  await onLines([
    `kovn-build: ${source.name} ${job.source.version}: base ${base.commit}, ${source.patches.length} patches, patched commit ${patched.commit}`,
  ]);
  // Upstream's `make dist` fails for tracked files that it does not know, so programs see a tree without git.
  await rm(join(dir, "src/.git"), { recursive: true });
  const context = {
    dir,
    arch: plan.arch,
    flags: plan.flags,
    parallel,
    epoch: patched.epoch,
    version: job.source.version,
    revision: job.source.revision,
    versionSuffix: job.versionSuffix,
    compilerCache: compilerCache === undefined ? undefined : { path: compilerCache.path, env: compilerCache.env(dir) },
    onReady: options.onReady,
    host,
    onLines,
  };
  for (const [index, step] of job.steps.entries()) {
    emit({ event: "step-start", job: job.id, step: step.uses, position: index + 1, count: job.steps.length });
    await onLines([`kovn-build: step ${index + 1} of ${job.steps.length}: ${step.uses}`]);
    await runStep(step, context).catch((cause: unknown) => {
      if (!(cause instanceof BuildError)) throw cause;
      throw new BuildError(
        cause.code,
        `Job \`${job.id}\`, step ${index + 1} (${step.uses}): ${cause.message}\nThe whole output is in ${join(dir, "log")}`,
        {
          cause,
          hint: cause.hint ?? `less +G ${join(dir, "log")}`,
        },
      );
    });
  }
  const artifacts = await describeArtifacts(job, join(dir, "out"), host);
  return { artifacts, built: await describeJob(job, options, patched) };
}

/** Copies input files to the job's `inputs/`. Throws "digest" for one that changed since it was planned. */
async function takeInputs({ inputs, dir }: JobOptions): Promise<void> {
  for (const { name, path, sha256 } of inputs) {
    const taken = join(dir, "inputs", name);
    await placeFile(path, taken);
    if ((await sha256File(taken)) !== sha256) throw new BuildError("digest", `File ${path} changed while the build ran.`);
  }
}

async function describeJob(
  job: PlannedJob,
  { source, base, host }: JobOptions,
  patched: { commit: string; tree: string },
): Promise<BuiltJob> {
  const patchIds = await Promise.all(
    source.patches.map(async ({ sha256, path }) => [sha256, await patchId(await readFile(path), { host })] as const),
  );
  return describeBuilt(job, source, {
    baseCommit: base.commit,
    patchedCommit: patched.commit,
    patchedTree: patched.tree,
    patchIds: Object.fromEntries(patchIds),
    tools: await installedPackages(job.packages, { host }),
    duration: 0,
  });
}
