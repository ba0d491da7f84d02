import type { BuiltJob } from "../dist/manifest.ts";
import { describeBase } from "../plan/base.ts";
import type { SourceChanges } from "./changes.ts";

/** What the artifacts of a source were built from. */
export interface BuiltFrom {
  readonly version: string;
  readonly revision: number;
  /** The alternate base, in words; undefined for the pin. */
  readonly alternate: string | undefined;
  /** In what the artifacts differ from the state that the notes are about; undefined for nothing. */
  readonly differs: string | undefined;
}

/** A source of a release: what changed in it, and what its artifacts were built from. */
export type ReleasedSource = SourceChanges & {
  /** Undefined when there are no artifacts yet. */
  readonly built: BuiltFrom | undefined;
};

export interface ReleasedSources {
  readonly sources: readonly ReleasedSource[];
  /** Sources of the line that none of the artifacts was built from. */
  readonly absent: readonly string[];
  /** True if a job put a Hyper-V extension into an installer. */
  readonly hasDriver: boolean;
}

/** Joins what changed in each source with the jobs that made the artifacts; `jobs` is undefined when there are none yet. */
export function joinArtifacts(sources: readonly SourceChanges[], jobs: readonly BuiltJob[] | undefined): ReleasedSources {
  if (jobs === undefined)
    return { sources: sources.map((source) => ({ ...source, built: undefined })), absent: [], hasDriver: false };
  const joined = sources.map((source) => {
    // Jobs of one source agree on base, revision and series in every set.
    const job = jobs.find((candidate) => candidate.source === source.name);
    return { ...source, built: job === undefined ? undefined : builtFrom(source, job) };
  });
  return {
    sources: joined.filter((source) => source.built !== undefined),
    absent: joined.filter((source) => source.built === undefined).map((source) => source.name),
    hasDriver: jobs.some(({ inputs = [] }) => inputs.some(({ name }) => name.startsWith("driver/"))),
  };
}

function builtFrom(source: SourceChanges, job: BuiltJob): BuiltFrom {
  const { version, revision, alternate, base } = job;
  const differences = [
    ...(!alternate && job.baseCommit !== source.commit ? ["the pin"] : []),
    ...(revision === source.revision ? [] : ["the revision"]),
    ...(alternate ? [] : differentPicks(source.picks, job.picks ?? [])),
    ...differentPatches(source.patches, job.series).map((name) => `\`${name}\``),
  ];
  return {
    ...{ version, revision },
    alternate: alternate ? describeBase(base) : undefined,
    differs: differences.length === 0 ? undefined : differences.join(", "),
  };
}

type Picks = readonly { readonly commit: string; readonly without: readonly string[] }[];

function differentPicks(some: Picks, others: Picks): readonly string[] {
  const contents = (picks: Picks) => JSON.stringify(picks.map(({ commit, without }) => [commit, without]));
  return contents(some) === contents(others) ? [] : ["the picks"];
}

type Patches = readonly { readonly name: string; readonly sha256: string }[];

function differentPatches(some: Patches, others: Patches): readonly string[] {
  const [digests, other] = [some, others].map((patches) => new Map(patches.map(({ name, sha256 }) => [name, sha256])));
  const names = new Set([...some, ...others].map((patch) => patch.name));
  return [...names].filter((name) => digests?.get(name) !== other?.get(name));
}
