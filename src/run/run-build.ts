import { randomInt } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { assertRemote } from "../compile/ccache.ts";
import { assertFolder } from "../dist/write.ts";
import { assertSystem } from "../config/system.ts";
import { assertBuildPath } from "../machine/build-path.ts";
import { BuildError, explainRefusal, pageOfError, refusalOf } from "../errors.ts";
import { plannedJobs } from "../plan/plan.ts";
import { parseMirrors } from "../root/mirrors.ts";
import { runTask } from "../sys/run-task.ts";
import { lockIn, withLock } from "../sys/with-lock.ts";
import { build, type Built } from "./build.ts";
import { eventFile } from "./event-file.ts";
import type { RunContext, WorkContext } from "./context.ts";
import type { RunEvent } from "./events.ts";
import { prepare, type BuildOptions } from "./prepare.ts";
import { listRuns, pruneRuns, runLimits, runsFolder, type RunLimits } from "./prune-runs.ts";
import { assertArch, readRequest } from "./request.ts";

/**
 * Reads, prepares and builds, in a folder of its own in `.kovn/runs`, whose `events.jsonl` gets all
 * events. The first one is `run`, the last one `done` or `failed`. Throws `BuildError`; what is
 * wrong with the request is thrown before the first event.
 */
export async function runBuild(options: BuildOptions, context: WorkContext): Promise<Built> {
  const { project, builder, host, emit } = context;
  const input = await readRequest(options, context);
  await assertFolder(options.out, { target: input.pipeline.target, variant: input.variant });
  if (options.remoteCache !== undefined) assertRemote(options.remoteCache);
  assertSystem(input.pipeline, context.machine.system);
  assertArch({ ...input, runner: options.runner, target: input.pipeline.target }, context.machine);
  parseMirrors(options.mirror);
  if (input.root !== undefined && options.remoteCache !== undefined)
    throw new BuildError("usage", "`--root` and `--remote-cache` exclude each other: nothing in a root reaches the network.");
  const packages = plannedJobs(input.pipeline, input.only).flatMap((id) => input.pipeline.jobs[id]?.packages ?? []);
  if (input.pipeline.host === "linux") assertBuildPath({ work: project.work, packages });
  const started = performance.now();
  const duration = () => Math.round(performance.now() - started);
  const name = await nameRun(project.work);
  const run: RunContext = { ...context, run: join(runsFolder(project.work), name) };
  const { mask, task } = host;
  const file = eventFile(join(run.run, "events.jsonl"), { notice: task.notice, mask });
  context.listen(file.emit);
  // Others leave a run alone while its lock is held.
  // Those who write into it say why it cannot be made.
  await mkdir(run.run, { recursive: true }).catch(() => undefined);
  return withLock(lockIn(run.run), { host, other: `is working in ${run.run}` }, async () => {
    emit({ event: "run", schema: 1, run: name, version: builder.version });
    // A run that builds nothing takes no space, and need not wait until all runs are measured.
    let limits: RunLimits = { keep: options.keepRuns, bytes: Infinity };
    let removing: Promise<void> | undefined;
    const clean = async () => (removing ??= removeOldRuns(limits, run));
    try {
      const prepared = await prepare(input, options, run);
      if (prepared.missing.length > 0) limits = { ...runLimits, keep: options.keepRuns };
      // The processors are idle while results are brought to the disk.
      const built = await build(prepared, { ...options, onStepsDone: () => void clean() }, run);
      await clean();
      emit({ event: "done", folder: built.folder, duration: duration(), artifacts: built.manifest.artifacts });
      return built;
    } catch (error) {
      await clean();
      emit({ ...describeFailure(error), duration: duration() });
      throw error;
    } finally {
      file.close();
    }
  });
}

/** No problem with old runs fails a build. */
async function removeOldRuns(limits: RunLimits, { project, host }: RunContext): Promise<void> {
  const { signal } = host;
  if (signal.aborted) return;
  await runTask(host, "remove old runs", async (below) => {
    await pruneRuns(project.work, limits, below).catch((error: unknown) => {
      if (!signal.aborted) below.task.notice(`Not all old runs can be removed: ${refusalOf(error) ?? String(error)}.`);
    });
  });
}

function describeFailure(thrown: unknown): Omit<RunEvent & { event: "failed" }, "duration"> {
  const error = explainRefusal(thrown);
  if (!(error instanceof BuildError))
    return { event: "failed", code: "bug", docs: pageOfError("bug"), message: String(error), at: [] };
  const { code, message, hint, at } = error;
  return { event: "failed", code, docs: pageOfError(code), message, ...(hint === undefined ? {} : { hint }), at };
}

/**
 * Names a run by its start, so that runs sort by time: each takes the next free second after the
 * newest run of the project. A random number separates those that start at once, since process ids
 * are the same in each container.
 */
async function nameRun(work: string): Promise<string> {
  // Those who write into the folder say why it cannot be read.
  const [newest = ""] = await listRuns(work).catch(() => []);
  const last = Date.parse(newest.replace(/^(....)(..)(..T..)(..)(..Z).*/, "$1-$2-$3:$4:$5"));
  const start = Math.max(Math.floor(Date.now() / 1000) * 1000, Number.isNaN(last) ? 0 : last + 1000);
  return `${new Date(start).toISOString().replace(/[-:]|\.\d+/g, "")}-${randomInt(1e12)}`;
}
