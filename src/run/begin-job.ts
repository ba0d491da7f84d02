import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "../cache/folder.ts";
import { openGenerated } from "../cache/generated.ts";
import type { Parts } from "../cache/parts.ts";
import { compilationsDir, type CompilerCache } from "../compile/ccache.ts";
import { packageAuthor } from "../config/package.ts";
import type { Source } from "../config/source.ts";
import { placeFile } from "../dist/artifact.ts";
import { describeBuilt, jobPackaging } from "../dist/built.ts";
import { BuildError } from "../errors.ts";
import { makeLabel, type Label } from "../label/label.ts";
import { checkoutPatched, describeWork, type Patched } from "../patches/apply.ts";
import type { Fetched } from "../patches/mirror.ts";
import type { Plan, PlanInput, PlannedJob } from "../plan/plan.ts";
import { openRoot } from "../root/enter.ts";
import type { Root } from "../root/keep.ts";
import { beginStep } from "../steps/registry.ts";
import type { StepContext } from "../steps/step.ts";
import type { Host, OnLines } from "../sys/exec.ts";
import { removeFolder, sha256File } from "../sys/files.ts";
import { runTask } from "../sys/run-task.ts";
import type { RunContext } from "./context.ts";
import { sourceOf } from "./result.ts";

/** What a job is built with. */
export interface JobOptions {
  readonly plan: Plan;
  readonly input: PlanInput;
  readonly base: Fetched;
  /** The job's folder. It has only what was done ahead. */
  readonly dir: string;
  /** What the job is built in; undefined for the machine itself. */
  readonly root: Root | undefined;
  readonly parallel: number;
  readonly compilerCache: CompilerCache | undefined;
  /** What the job depends on; undefined when no results are cached. */
  readonly parts: Parts | undefined;
  /** Called when jobs that need this one may start, unless they start at its end. */
  readonly onReady: () => void;
}

/** What was done for a job before it started. */
export interface Begun {
  readonly patched: Patched;
  /** The output, for the log. */
  readonly lines: readonly string[];
}

/**
 * Does what a job needs no other job for: patches the source, and begins its steps. Returns undefined,
 * with nothing left of it, when that fails: it fails again when the job runs, and is reported then.
 */
export async function beginJob(job: PlannedJob, options: JobOptions, context: RunContext): Promise<Begun | undefined> {
  const lines: string[] = [];
  const inJob = { ...context, onLines: async (more: readonly string[]) => void lines.push(...more) };
  try {
    await makeFolders(options.dir);
    const patched = await checkOut(job, options, inJob);
    const stepContext = await openSteps(job, { ...options, patched }, inJob);
    for (const step of job.steps) await beginStep(step, stepContext);
    return { patched, lines };
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    await removeFolder(options.dir);
    return undefined;
  }
}

/** Makes the folders of a job that its programs use. */
export async function makeFolders(dir: string): Promise<void> {
  for (const folder of ["home", "tmp", "out"]) await mkdir(join(dir, folder), { recursive: true });
}

/** A job's part of a run. */
interface InJob extends RunContext, Pick<StepContext, "onProgram"> {
  readonly onLines: OnLines;
}

/** Puts the input files of a job and its patched source into its folder. */
export async function checkOut(job: PlannedJob, options: JobOptions, { host, onLines }: InJob): Promise<Patched> {
  const { base, dir } = options;
  const source = sourceOf(job, options.input);
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
  return patched;
}

/** Makes what the steps of a job may use. */
export async function openSteps(
  job: PlannedJob,
  options: JobOptions & { readonly patched: Patched },
  { project, host, run, elsewhere, onLines, onProgram }: InJob,
): Promise<StepContext> {
  const { plan, base, dir, root, parallel, compilerCache, patched, parts, onReady } = options;
  const source = sourceOf(job, options.input);
  const cache = cacheFolder(project.work);
  const compilations = compilerCache === undefined ? [] : [compilationsDir(cache)];
  const enter = root === undefined ? undefined : await openRoot(root, [run, ...compilations], host);
  return {
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
    generated: parts === undefined ? undefined : openGenerated(cache, parts, host.task.notice),
    onReady,
    enter,
    elsewhere,
    host,
    onLines,
    ...(onProgram === undefined ? {} : { onProgram }),
  };
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
