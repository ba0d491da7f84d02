import { join } from "node:path";
import { changesSince } from "../cache/compare-builds.ts";
import type { Manifest } from "../dist/manifest.ts";
import { readManifestOf } from "../dist/read.ts";
import { BuildError } from "../errors.ts";
import { makePlan } from "../plan/plan.ts";
import { hostRoot } from "../root/known.ts";
import type { Built } from "../run/build.ts";
import type { WorkContext } from "../run/context.ts";
import type { Emit } from "../run/events.ts";
import { runLimits } from "../run/prune-runs.ts";
import { readRequest, type RequestOptions } from "../run/request.ts";
import { runBuild } from "../run/run-build.ts";
import { makeElsewhere, type Elsewhere } from "../steps/elsewhere.ts";
import type { Host } from "../sys/exec.ts";
import type { Input } from "../verify/subject.ts";

/** How a build is built again. */
export interface RebuildContext extends WorkContext {
  /** Where sources come from, as `--from` says it. */
  readonly from: readonly string[];
  /** Archives for the root instead of the distribution's own: URL or `security=URL`. */
  readonly mirror: readonly string[];
}

/** A second build, and what its programs found otherwise. */
export interface Rebuilt extends Built {
  readonly elsewhere: Elsewhere;
  readonly began: Date;
}

/** What `build` was asked for when it made these artifacts. */
function requestOf({ target, line, variant, arch, jobs }: Manifest, from: readonly string[]): RequestOptions {
  const root = jobs.find((job) => job.root !== undefined)?.root?.name ?? hostRoot;
  // The same bases: the pins, or the alternates. Of a rule, the last one counts, which may be the person's.
  const alternates = jobs.filter(({ alternate }) => alternate).length;
  const rule = alternates === 0 ? "git" : alternates === jobs.length ? "apt" : "auto";
  const unlocked = jobs.some(({ locked }) => !locked);
  return { target, line, variant, arch, root, unlocked, only: jobs.map(({ id }) => id), from: [rule, ...from] };
}

/** Throws "usage" or "project" for a build that this project cannot plan any more. */
export async function assertRebuildable({ folder, shown, file }: Input, context: RebuildContext): Promise<void> {
  if (file !== undefined)
    throw new BuildError("usage", `\`--rebuild\` builds a whole build again, and ${shown} is one file of it.`, {
      hint: `kovn-build verify --rebuild ${folder}`,
    });
  const { manifest } = await readManifestOf(folder, shown);
  await readRequest(requestOf(manifest, context.from), context).catch((error: unknown) => {
    if (!(error instanceof BuildError)) throw error;
    const { code, at } = error;
    // A name of the build is not mistyped: this project does not know it any more.
    const hint = code === "usage" ? "verify it with the project as it was when it was built" : error.hint;
    throw new BuildError(code, `${shown} cannot be built again: ${error.message}`, { hint, at, cause: error });
  });
}

/** Why the files of this project do not make the same build any more, a sentence for each job; none if they do. */
export async function changesOf(manifest: Manifest, context: RebuildContext): Promise<readonly string[]> {
  const plan = makePlan(await readRequest(requestOf(manifest, context.from), context));
  return plan.jobs.flatMap((job) => {
    const built = manifest.jobs.find(({ id }) => id === job.id);
    if (built === undefined) return [`job \`${job.id}\` is new`];
    const changes = changesSince(manifest, built, plan, job);
    return changes.length === 0 ? [] : [`job \`${job.id}\` is another one now (${changes.join("; ")})`];
  });
}

/** Builds the same again in `dir`, with nothing from a cache, where programs find all otherwise. */
export async function rebuild(manifest: Manifest, dir: string, context: RebuildContext, host: Host): Promise<Rebuilt> {
  const { mirror, machine, from } = context;
  const began = new Date();
  const elsewhere = makeElsewhere(began, { hasUmask: machine.system === "linux" });
  const limits = { jobs: machine.cores, keepRuns: runLimits.keep };
  const how = { installDeps: false, keepGoing: false, cache: false, mirror, out: join(dir, "dist") };
  const options = { ...requestOf(manifest, from), ...limits, ...how };
  const built = await runBuild(options, { ...context, ...withoutEnd(context), host, elsewhere });
  return { ...built, elsewhere, began };
}

/** The end of the second build is not that of the command: only the run's own file gets it. */
function withoutEnd({ emit, listen }: Pick<WorkContext, "emit" | "listen">): Pick<WorkContext, "emit" | "listen"> {
  const listeners: Emit[] = [];
  return {
    emit: (event) => {
      if (event.event !== "done" && event.event !== "failed") return emit(event);
      for (const listener of listeners) listener(event);
    },
    listen: (listener) => {
      listeners.push(listener);
      listen(listener);
    },
  };
}
