import type { PlanInput, PlannedJob } from "../plan/plan.ts";
import { newestRoot, type Root } from "../root/keep.ts";
import { takeRoots } from "../root/take-roots.ts";
import { knownRoots } from "../root/known.ts";
import { parseMirrors } from "../root/mirrors.ts";
import { choiceWords } from "../machine/fit.ts";
import type { Container, RunnerName } from "../root/containers.ts";
import { BuildError } from "../errors.ts";
import type { ReadContext, RunContext } from "./context.ts";

/** The root of each job, by its id; empty for a build on the machine itself. */
export type Roots = ReadonlyMap<string, Root>;

interface RootInput extends Pick<PlanInput, "root" | "arch" | "buildArch"> {
  readonly runner: RunnerName | undefined;
}

/** Makes the roots of a plan's jobs, or takes those that are kept. Throws as `takeRoots` does. */
export async function rootsOf(
  { root, ...input }: RootInput,
  jobs: readonly PlannedJob[],
  mirror: readonly string[],
  { project, host, run }: RunContext,
): Promise<Roots> {
  const roots = new Map<string, Root>();
  const known = knownRoots.find(({ name }) => name === root);
  if (known === undefined) return roots;
  const lists = new Map(jobs.map(({ packages }) => [inRoot(packages).join(" "), inRoot(packages)]));
  const request = { known, ...architectures(input), runner: containersOf(input), mirrors: parseMirrors(mirror) };
  const taken = await takeRoots(request, [...lists.values()], { work: project.work, run, host });
  const byList = new Map([...lists.keys()].map((list, index) => [list, taken[index]]));
  for (const { id, packages } of jobs) {
    const own = byList.get(inRoot(packages).join(" "));
    if (own !== undefined) roots.set(id, own);
  }
  return roots;
}

/** The kept roots of a plan's jobs, as they are. Throws "machine" for one that was not made yet. */
export async function keptRoots(
  { root, ...input }: RootInput,
  jobs: readonly PlannedJob[],
  { project }: Pick<ReadContext, "project">,
): Promise<Roots> {
  const roots = new Map<string, Root>();
  const known = knownRoots.find(({ name }) => name === root);
  if (known === undefined) return roots;
  for (const { id, packages } of jobs) {
    const kept = await newestRoot(
      { known, ...architectures(input), runner: containersOf(input), packages: inRoot(packages) },
      project.work,
    );
    if (kept === undefined)
      throw new BuildError("machine", `Root ${known.name} of job \`${id}\` is not made yet, so its packages are not known.`, {
        hint: `kovn-build build${choiceWords({ root: known.name, runner: input.runner })}`,
      });
    roots.set(id, kept);
  }
  return roots;
}

/** The folder of each job's root, by the job's id. */
export function treesOf(roots: Roots): ReadonlyMap<string, string> {
  return new Map([...roots].map(([id, { tree }]) => [id, tree]));
}

/** A root that cross-compiles has the machine's architecture, and libraries of the other one. */
function architectures({ arch, buildArch }: Pick<RootInput, "arch" | "buildArch">) {
  return buildArch === undefined ? { arch } : { arch: buildArch, foreign: arch };
}

function containersOf({ runner }: Pick<RootInput, "runner">): Container["program"] | undefined {
  return runner === "bubblewrap" ? undefined : runner;
}

/** What a root has besides the packages of the job: ccache, which changes no result. */
function inRoot(packages: readonly string[]): readonly string[] {
  return [...new Set([...packages, "ccache"])].toSorted();
}
