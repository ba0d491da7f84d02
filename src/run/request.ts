import { parseFrom } from "../config/from.ts";
import { readInputs } from "../config/inputs.ts";
import { readLock } from "../config/lock.ts";
import { assertLocked } from "../patches/lock.ts";
import { pickLine } from "../config/lines.ts";
import { readPipeline, type Pipeline } from "../config/pipeline.ts";
import { unknownName } from "../config/names.ts";
import { listSources, readSources } from "../config/source.ts";
import { assertVariant, forVariant } from "../config/variant.ts";
import { assertInWindow } from "../config/window.ts";
import { allOrProblems, BuildError } from "../errors.ts";
import { allowedBases } from "../plan/base.ts";
import { plannedJobs, type PlanInput } from "../plan/plan.ts";
import { placelessFlags } from "../compile/distcc.ts";
import type { Machine } from "../machine/this-machine.ts";
import { makeRecord } from "../record.ts";
import { runnerNames, type RunnerName } from "../root/containers.ts";
import { hostRoot, knownRoots, type KnownRoot } from "../root/known.ts";
import type { ReadContext } from "./context.ts";

/** What to build: the options that `build` and `plan` share. */
export interface RequestOptions {
  readonly target: string;
  readonly toolchain?: string;
  readonly line?: string;
  readonly only: readonly string[];
  readonly from: readonly string[];
  readonly variant: string;
  readonly arch?: string;
  /** `host`, or the distribution to build in, such as `debian:12`. */
  readonly root: string;
  /** What makes the root and runs jobs in it; default: bubblewrap. */
  readonly runner?: RunnerName;
  /** Folder of a built driver. */
  readonly driver?: string;
  /** Hosts that share the compiling, as distcc lists them. */
  readonly distcc?: string;
  readonly unlocked: boolean;
}

/**
 * Reads and checks all files that a plan is made of, without network. Throws "usage" and "project".
 */
export async function readRequest(options: RequestOptions, { project, machine, host }: ReadContext): Promise<PlanInput> {
  const line = await pickLine(project, options.line);
  const written = await readPipeline(project, options, machine.system);
  const { variant } = options;
  assertVariant(written, variant);
  const own = forVariant(written, variant);
  const pipeline = options.distcc === undefined ? own : withFlags(own, placelessFlags);
  const root = rootOf(options);
  const arch = options.arch ?? machine.arch;
  const architectures = Object.keys(pipeline.flags[variant] ?? {});
  if (!architectures.includes(arch)) throw unknownName("Architecture", arch, architectures);
  const jobs = Object.keys(pipeline.jobs);
  for (const id of options.only) if (!jobs.includes(id)) throw unknownName("Job", id, jobs);
  const ids = plannedJobs(pipeline, options.only);
  const names = [...new Set(ids.map((id) => pipeline.jobs[id]?.source ?? id))];
  // git reads the series; the other files are read meanwhile.
  const [read, inputs, lock] = await allOrProblems([
    readSources(project, line, host, names),
    readInputs(project, pipeline, ids, options.driver),
    options.unlocked ? Promise.resolve(undefined) : readLock(project, line),
  ]);
  const sources = makeRecord(read.map((source) => [source.name, source]));
  assertInWindow(pipeline, line, read);
  if (lock !== undefined)
    for (const source of read) assertLocked(source, lock.sources[source.name], "or --unlocked to build anyway");
  const from = parseFrom(options.from, await listSources(project, line));
  const bases = makeRecord(read.map((source) => [source.name, allowedBases(source, from, pipeline.pinned?.[source.name])]));
  const { distribution = machine.distribution, name } = root ?? {};
  const common = {
    line,
    pipeline,
    variant,
    arch,
    distribution,
    only: options.only,
    sources,
    bases,
    inputs,
    locks: lock?.sources,
  };
  if (name === undefined) return common;
  return { ...common, root: name, ...(arch === machine.arch ? {} : { buildArch: machine.arch }) };
}

/**
 * Throws "usage" for packages of another architecture that nothing on this machine can build: they
 * are cross-compiled in a root. They can be planned here.
 */
export function assertArch({ arch, root, runner = "bubblewrap", target }: ArchChoice, machine: Pick<Machine, "arch">): void {
  if (arch === undefined || arch === machine.arch) return;
  if (root !== undefined && runner !== "bubblewrap")
    throw new BuildError(
      "usage",
      `\`--runner ${runner}\` builds packages of this machine's architecture (\`${machine.arch}\`) only.`,
      {
        hint: "leave out --runner",
      },
    );
  if (root !== undefined) return;
  const own = `kovn-build --target ${target} --root debian:12 --arch ${arch}`;
  throw new BuildError("usage", `Architecture \`${arch}\` is not this machine's (\`${machine.arch}\`).`, {
    hint: target === "linux" ? `cross-compile in a root: ${own}` : `run the same command on a machine with architecture ${arch}`,
  });
}

interface ArchChoice {
  readonly arch: string | undefined;
  readonly root?: unknown;
  readonly runner?: RunnerName | undefined;
  readonly target: string;
}

interface RootChoice {
  readonly root: string;
  readonly runner?: RunnerName;
  readonly target: string;
  readonly distcc?: string;
}

/** The root that was asked for; undefined for the machine itself. Throws "usage". */
export function rootOf({ root, runner = "bubblewrap", target, distcc }: RootChoice): KnownRoot | undefined {
  if (!runnerNames.includes(runner)) throw unknownName("Runner", runner, runnerNames);
  if (root === hostRoot && runner !== "bubblewrap")
    throw new BuildError("usage", `\`--runner ${runner}\` runs the jobs of a root, and none is given.`, {
      hint: `--root debian:12 --runner ${runner}`,
    });
  if (root === hostRoot) return undefined;
  const known = knownRoots.find(({ name }) => name === root);
  if (known === undefined) throw unknownName("Root", root, [hostRoot, ...knownRoots.map(({ name }) => name)]);
  if (target !== "linux")
    throw new BuildError("usage", `\`--root ${root}\` is for packages of a distribution: not for \`--target ${target}\`.`);
  if (distcc !== undefined)
    throw new BuildError("usage", "`--root` and `--distcc` exclude each other: nothing in a root reaches the network.");
  return known;
}

/** Adds compiler flags to every variant. They are in the plan, and so in keys and versions. */
function withFlags(pipeline: Pipeline, more: string): Pipeline {
  const flags = Object.entries(pipeline.flags).map(
    ([variant, byArch]) => [variant, makeRecord(Object.entries(byArch).map(([arch, own]) => [arch, `${own} ${more}`]))] as const,
  );
  return { ...pipeline, flags: makeRecord(flags) };
}
