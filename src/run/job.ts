import { join } from "node:path";
import { BuildError, withDetails } from "../errors.ts";
import type { Source } from "../config/source.ts";
import type { Patched } from "../patches/apply.ts";
import type { PlannedJob } from "../plan/plan.ts";
import { describeArtifacts } from "../dist/artifact.ts";
import type { BuiltJob } from "../dist/manifest.ts";
import { runStep } from "../steps/registry.ts";
import type { StepProgram } from "../steps/step.ts";
import { installedPackages } from "../sys/apt.ts";
import type { Host, OnLines } from "../sys/exec.ts";
import { patchId } from "../sys/git.ts";
import { runTask } from "../sys/run-task.ts";
import { describeBuilt, jobPackaging } from "../dist/built.ts";
import type { Root } from "../root/keep.ts";
import { readBytes } from "../sys/read-file.ts";
import { makeRecord } from "../record.ts";
import { checkOut, makeFolders, openSteps, type Begun, type JobOptions } from "./begin-job.ts";
import type { RunContext } from "./context.ts";
import { writeExpected } from "./expected.ts";
import { openLog, type Log } from "./log.ts";
import { sourceOf, type JobResult } from "./result.ts";
import { isWarning } from "./warning.ts";
import { quoteWords } from "../sys/quote.ts";

export interface RunJobOptions extends JobOptions {
  /** How many milliseconds the job took last time, if known. */
  readonly expected: number | undefined;
  /** What changed since the job was last built. */
  readonly changes: readonly string[];
  /** What was done for the job already. */
  readonly begun: Begun | undefined;
}

/**
 * Runs one job: patches the source, runs the steps in order, describes the artifacts. All output
 * goes to `<dir>/log`. Throws `BuildError` when the job fails.
 */
export async function runJob(job: PlannedJob, options: RunJobOptions, context: RunContext): Promise<JobResult> {
  const { dir } = options;
  const { project, host, emit } = context;
  const source = sourceOf(job, options.input);
  const started = performance.now();
  await makeFolders(dir);
  const log = openLog(join(dir, "log"));
  const { expected, changes } = options;
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
      errors: outcome === "failed" ? log.errors() : [],
      tail: outcome === "failed" ? log.tail() : [],
      ...(compilerCache === undefined ? {} : { compilerCache }),
    });
    return compilerCache === undefined ? {} : { compilerCache };
  };
  const onLines: OnLines = async (lines) => {
    await log.write(lines);
    for (const line of lines) {
      const warning = isWarning(line);
      if (warning) warnings += 1;
      emit({ event: "output", job: job.id, line, warning });
    }
  };
  let last: StepProgram | undefined;
  const onProgram = (program: StepProgram) => void (last = program);
  try {
    const result = await runSteps(job, { ...options, source, log, onLines, onProgram }, context);
    await log.close();
    const duration = Math.round(performance.now() - started);
    await writeExpected(project.work, options.plan, job.id, duration);
    const counted = await end("built");
    return { ...result, built: { ...result.built, duration, ...counted } };
  } catch (error) {
    await log.close().catch(() => undefined);
    await end(host.signal.aborted ? "stopped" : "failed");
    if (last !== undefined && !host.signal.aborted) context.onFailure?.({ job: job.id, dir, last });
    throw error instanceof BuildError ? withDetails(error, { job: job.id, source: source.name }) : error;
  }
}

interface StepsOptions extends RunJobOptions {
  readonly source: Source;
  readonly log: Log;
  readonly onLines: OnLines;
  readonly onProgram: (program: StepProgram) => void;
}

async function runSteps(job: PlannedJob, options: StepsOptions, context: RunContext): Promise<JobResult> {
  const { host, emit } = context;
  const { source, base, dir, root, begun, log, onLines, onProgram } = options;
  const patched = begun?.patched ?? (await checkOut(job, options, { ...context, onLines }));
  if (begun !== undefined) await onLines(begun.lines);
  const stepContext = await openSteps(job, { ...options, patched }, { ...context, onLines, onProgram });
  for (const [index, step] of job.steps.entries()) {
    const title = `step ${index + 1} of ${job.steps.length}: ${step.uses}`;
    emit({ event: "step-start", job: job.id, step: step.uses, position: index + 1, count: job.steps.length });
    const runIt = async (below: Host) => {
      log.startStep();
      await onLines([`kovn-build: ${title}`]);
      await runStep(step, { ...stepContext, host: below });
    };
    await runTask(host, title, runIt, job.id).catch((error: unknown) => {
      if (!(error instanceof BuildError)) throw error;
      const [first] = error.code === "build" && !host.signal.aborted ? log.errors() : [];
      const lines = [
        `Job \`${job.id}\`, step ${index + 1} (${step.uses}): ${error.message}`,
        ...(first === undefined ? [] : [first.text]),
        `The whole output is in ${log.path}`,
      ];
      const hint = error.hint ?? quoteWords(["less", `+${first?.line ?? "G"}`, log.path]);
      throw withDetails(error, { message: lines.join("\n"), hint });
    });
  }
  const describeAll = async () => ({
    artifacts: await describeArtifacts(job, join(dir, "out"), host),
    built: await describeJob(job, source, { base, patched, root, host }),
  });
  return runTask(host, "describe the artifacts", describeAll, job.id);
}

function only(versions: Root["packages"], names: readonly string[]): Readonly<Record<string, string>> {
  return makeRecord(names.flatMap((name) => (versions[name] === undefined ? [] : [[name, versions[name]] as const])));
}

async function describeJob(
  job: PlannedJob,
  source: Source,
  { base, patched, root, host }: Pick<JobOptions, "base" | "root"> & { readonly patched: Patched; readonly host: Host },
): Promise<BuiltJob> {
  const patchIds = await Promise.all(
    [...source.patches, ...jobPackaging(job, source)].map(
      async ({ sha256, path }) => [sha256, await patchId(await readBytes(path, "a patch"), { host })] as const,
    ),
  );
  return describeBuilt(job, source, {
    baseCommit: base.commit,
    patchedCommit: patched.commit,
    patchedTree: patched.tree,
    ...(patched.packaged === undefined ? {} : { packaged: patched.packaged }),
    patchIds: makeRecord(patchIds),
    pickIds: makeRecord(patched.picks.map(({ commit, patchId: id }) => [commit, id])),
    ...(root === undefined ? {} : { root: { name: root.name, packages: root.packages } }),
    tools: root === undefined ? await installedPackages(job.packages, { host }) : only(root.packages, job.packages),
    duration: 0,
  });
}
