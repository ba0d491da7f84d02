import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { BuildError, withDetails } from "../errors.ts";
import type { Source } from "../config/source.ts";
import { checkoutPatched, describeWork, type Patched } from "../patches/apply.ts";
import type { Fetched } from "../patches/mirror.ts";
import type { Plan, PlanInput, PlannedJob } from "../plan/plan.ts";
import { describeArtifacts, placeFile } from "../dist/artifact.ts";
import type { BuiltJob } from "../dist/manifest.ts";
import { runStep } from "../steps/registry.ts";
import type { StepProgram } from "../steps/step.ts";
import { installedPackages } from "../sys/apt.ts";
import type { Host, OnLines } from "../sys/exec.ts";
import { sha256File } from "../sys/files.ts";
import { patchId } from "../sys/git.ts";
import { runTask } from "../sys/run-task.ts";
import { describeBuilt, jobPackaging } from "../dist/built.ts";
import { packageAuthor } from "../config/package.ts";
import { makeLabel, type Label } from "../label/label.ts";
import { cacheFolder } from "../cache/folder.ts";
import { openGenerated } from "../cache/generated.ts";
import type { Parts } from "../cache/parts.ts";
import { compilationsDir, type CompilerCache } from "../compile/ccache.ts";
import { openRoot } from "../root/enter.ts";
import type { Root } from "../root/keep.ts";
import { readBytes } from "../sys/read-file.ts";
import { makeRecord } from "../record.ts";
import type { RunContext } from "./context.ts";
import { writeExpected } from "./expected.ts";
import { openLog, type Log } from "./log.ts";
import { sourceOf, type JobResult } from "./result.ts";
import { isWarning } from "./warning.ts";
import { quoteWords } from "../sys/quote.ts";

export interface JobOptions {
  readonly plan: Plan;
  readonly input: PlanInput;
  readonly base: Fetched;
  /** The job's folder, empty. */
  readonly dir: string;
  /** What the job is built in; undefined for the machine itself. */
  readonly root: Root | undefined;
  readonly parallel: number;
  /** How many milliseconds the job took last time, if known. */
  readonly expected: number | undefined;
  /** What changed since the job was last built. */
  readonly changes: readonly string[];
  readonly compilerCache: CompilerCache | undefined;
  /** What the job depends on; undefined when no results are cached. */
  readonly parts: Parts | undefined;
  /** Called when jobs that need this one may start, unless they start at its end. */
  readonly onReady: () => void;
}

/**
 * Runs one job: patches the source, runs the steps in order, describes the artifacts. All output
 * goes to `<dir>/log`. Throws `BuildError` when the job fails.
 */
export async function runJob(job: PlannedJob, options: JobOptions, context: RunContext): Promise<JobResult> {
  const { dir } = options;
  const { project, host, emit } = context;
  const source = sourceOf(job, options.input);
  const started = performance.now();
  for (const folder of ["home", "tmp", "out"]) await mkdir(join(dir, folder), { recursive: true });
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

interface StepsOptions extends JobOptions {
  readonly source: Source;
  readonly log: Log;
  readonly onLines: OnLines;
  readonly onProgram: (program: StepProgram) => void;
}

async function runSteps(job: PlannedJob, options: StepsOptions, context: RunContext): Promise<JobResult> {
  const { project, host, emit, run } = context;
  const { plan, source, base, dir, root, parallel, compilerCache, log, onLines, onProgram } = options;
  await copyInputs(job, options);
  const packaging = jobPackaging(job, source);
  const patches = describeWork(source, base, packaging);
  const apply = async (below: Host) => checkoutPatched(source, base, join(dir, "src"), below, packaging);
  const patched = await runTask(host, `apply ${patches}`, apply, job.id);
  assertLockedCommit(job, patched);
  const { commit } = patched.packaged ?? patched;
  await onLines([`kovn-build: ${source.name} ${job.source.version}: base ${base.commit}, ${patches}, patched commit ${commit}`]);
  // Upstream's `make dist` fails for tracked files that it does not list, so programs get a tree
  // without git.
  await rm(join(dir, "src/.git"), { recursive: true });
  const compilations = compilerCache === undefined ? [] : [compilationsDir(cacheFolder(project.work))];
  const enter = root === undefined ? undefined : await openRoot(root, [run, ...compilations], host);
  const stepContext = {
    dir,
    arch: plan.arch,
    buildArch: plan.buildArch,
    flags: plan.flags,
    parallel,
    epoch: patched.epoch,
    version: job.source.version,
    revision: job.source.revision,
    versionSuffix: job.versionSuffix,
    label: labelOf(plan, job, source, { base, patched }),
    compilerCache: compilerCache === undefined ? undefined : { path: compilerCache.path, env: compilerCache.env(dir) },
    generated:
      options.parts === undefined ? undefined : openGenerated(cacheFolder(project.work), options.parts, host.task.notice),
    onReady: options.onReady,
    enter,
    elsewhere: context.elsewhere,
    host,
    onLines,
    onProgram,
  };
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

/** What the files of a job say about how they were built: all of it is known before the first step. */
function labelOf(
  plan: Plan,
  job: PlannedJob,
  source: Source,
  { base, patched }: { readonly base: Fetched; readonly patched: Patched },
): Label {
  const { commit, tree, packaged, epoch } = patched;
  const ids = { baseCommit: base.commit, patchedCommit: commit, patchedTree: tree };
  const later = { patchIds: {}, pickIds: {}, tools: {}, duration: 0 };
  const built = describeBuilt(job, source, { ...ids, ...(packaged === undefined ? {} : { packaged }), ...later });
  return makeLabel(plan, built, { epoch, by: packageAuthor });
}

function only(versions: Root["packages"], names: readonly string[]): Readonly<Record<string, string>> {
  return makeRecord(names.flatMap((name) => (versions[name] === undefined ? [] : [[name, versions[name]] as const])));
}

/** Throws "digest" when the commit of a patched source is not the locked one. */
function assertLockedCommit({ source, locked }: PlannedJob, patched: Patched): void {
  if (locked === undefined) return;
  for (const [made, expected] of [[patched, locked] as const, [patched.packaged, locked.packaged] as const])
    if (made?.commit !== expected?.commit)
      throw new BuildError(
        "digest",
        `The patched commit of \`${source.name}\` is ${made?.commit}; expected ${expected?.commit} (lock.json).`,
        { hint: "kovn-build patches check" },
      );
}

/**
 * Copies input files to the job's `inputs/`. Throws "digest" for one that changed since it was
 * planned.
 */
async function copyInputs(job: PlannedJob, { input, dir }: JobOptions): Promise<void> {
  for (const { name, path, sha256 } of input.inputs[job.id] ?? []) {
    const copy = join(dir, "inputs", name);
    await placeFile(path, copy);
    if ((await sha256File(copy)) !== sha256) throw new BuildError("digest", `File ${path} changed during the build.`);
  }
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
