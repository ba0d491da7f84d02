import { parseFrom } from "../config/from.ts";
import { readLines } from "../config/lines.ts";
import { readSources, type Source } from "../config/source.ts";
import type { Pipeline } from "../config/pipeline.ts";
import { isBeyondWindow } from "../config/window.ts";
import { BuildError } from "../errors.ts";
import { whyUnavailable } from "../patches/check.ts";
import { isComplete } from "../patches/mirror.ts";
import { hasLists } from "../sys/apt.ts";
import { declaredBases, type Base } from "../plan/base.ts";
import { plannedJobs, type PlanInput } from "../plan/plan.ts";
import type { RunContext } from "./context.ts";

/** What was asked for. */
interface Asked {
  readonly from: readonly string[];
}

/**
 * The error for sources that cannot be reached, of which `errors` has one for each. Its hint says
 * what can be built without them: jobs of this line, else those of another line whose sources are here
 * or in a Debian package that apt offers, or may offer once it has lists.
 */
export async function unreachable(
  errors: readonly BuildError[],
  input: PlanInput,
  asked: Asked,
  context: RunContext,
): Promise<BuildError> {
  const { pipeline } = input;
  const failed = errors.flatMap(({ source }) => source ?? []);
  const needsFailed = (id: string) => sourcesOf(id, input).some((name) => failed.includes(name));
  const only = Object.keys(pipeline.jobs).filter((id) => !needsFailed(id));
  const hints = [
    failed.map((name) => `--from ${name}=PATH_OR_URL`).join(" "),
    only.length > 0 ? showOnly(only) : await otherLine(input, asked, context),
  ];
  return new BuildError("network", errors.map(({ message }) => message).join("\n"), {
    cause: errors[0],
    source: failed.length === 1 ? failed[0] : undefined,
    hint: hints.filter(Boolean).join(", or "),
  });
}

/** The error for a machine that is not ready, with what `network` says, which was found before it. */
export function alsoUnreachable(error: unknown, network: unknown): unknown {
  if (!(error instanceof BuildError && network instanceof BuildError && network.code === "network")) return error;
  return new BuildError(error.code, `${error.message}\n${network.message}`, {
    cause: error,
    source: network.source,
    hint: [network.hint, error.hint].filter(Boolean).join("; and "),
  });
}

function showOnly(ids: readonly string[]): string {
  return ids.map((id) => `--only ${id}`).join(" ");
}

/** The sources that a job and the jobs that it needs are made of. */
function sourcesOf(id: string, { pipeline }: PlanInput): readonly string[] {
  return plannedJobs(pipeline, [id]).flatMap((need) => pipeline.jobs[need]?.source ?? []);
}

/** The options that build most of the newest other line that can be built without the network; undefined if none can. */
async function otherLine(input: PlanInput, asked: Asked, context: RunContext): Promise<string | undefined> {
  const { pipeline } = input;
  const { all } = await readLines(context.project);
  for (const { name } of all.toReversed()) {
    if (name === input.line) continue;
    const sources = await readOther(name, context);
    if (sources.length === 0 || isBeyondWindow(pipeline, sources)) continue;
    const near = new Map<string, Way>();
    for (const source of sources) near.set(source.name, await wayTo(source, pipeline, asked, context));
    const jobs = Object.keys(pipeline.jobs);
    const ids = jobs.filter((id) => sourcesOf(id, input).every((own) => (near.get(own) ?? "none") !== "none"));
    const needsLists = ids.some((id) => sourcesOf(id, input).some((own) => near.get(own) === "lists"));
    const words = [`--line ${name}`, ids.length === jobs.length ? [] : showOnly(ids), needsLists ? "--install-deps" : []];
    if (ids.length > 0) return words.flat().join(" ");
  }
  return undefined;
}

/** The sources of another line; none if they cannot be read. */
async function readOther(line: string, { project, host }: RunContext): Promise<readonly Source[]> {
  return readSources(project, line, host).catch((error: unknown) => {
    if (error instanceof BuildError && error.code === "project") return [];
    throw error;
  });
}

/** What it takes to get a source without upstream: nothing, apt's lists, which are missing; or there is no way. */
type Way = "here" | "lists" | "none";

/** How to get a source whose base is on disk, or in a package that apt offers. Upstream is not asked. */
async function wayTo(source: Source, { pinned }: Pipeline, { from }: Asked, { project, host }: RunContext): Promise<Way> {
  const { rule } = parseFrom(
    from.filter((value) => !value.includes("=")),
    [],
  );
  // Not `allowedBases`, which throws for a source without an alternate.
  const isAllowed = ({ kind }: Base) => kind === "git" || pinned?.[source.name] === undefined;
  const bases = declaredBases(source).filter((base) => isAllowed(base) && (rule === "auto" || rule === base.kind));
  const { work } = project;
  for (const base of bases) {
    if (await isComplete(base, work)) return "here";
    if (base.kind === "apt" && (await whyUnavailable(base, { work, host })) === undefined) return "here";
  }
  return bases.some(({ kind }) => kind === "apt") && !(await hasLists({ host })) ? "lists" : "none";
}
