import { listLines } from "../../config/lines.ts";
import type { Project } from "../../config/project.ts";
import { readSources, type Source } from "../../config/source.ts";
import type { BuiltJob, Manifest } from "../../dist/manifest.ts";
import { BuildError, withDetails } from "../../errors.ts";
import type { Host } from "../../sys/exec.ts";
import { git, tryGit } from "../../sys/git.ts";
import type { ListedPatch } from "../compare.ts";
import { findBuiltCommit } from "./built-commit.ts";
import { projectAt } from "./project-at.ts";

/** A state of a line: the files as they are now, a commit, or what a build recorded. */
export type StateName =
  | { readonly kind: "tree" }
  | { readonly kind: "commit"; readonly name: string; readonly commit: string }
  | { readonly kind: "build"; readonly name: string; readonly built: Pick<Manifest, "line" | "jobs"> };

/** A patch of a state; what a build recorded has its id. */
export type StatePatch = ListedPatch & { readonly patchId?: string };

/** A source in a state of a line. */
export interface SourceState extends Pick<Source, "name" | "upstream" | "commit" | "version" | "revision" | "picks"> {
  readonly branch?: string;
  readonly alternates?: Source["alternates"];
  readonly merged?: Source["merged"];
  readonly dropped?: Source["dropped"];
  /** The series, then the packaging patches. */
  readonly patches: readonly StatePatch[];
  /** The source with its files; absent if there is only what a build recorded. */
  readonly source?: Source;
}

/** A line in one of its states. */
export interface LineState {
  /** What people call it. */
  readonly name: string;
  /** The commit of the project that it was read from; absent for other states. */
  readonly commit?: string;
  /** True if the line may have more sources, as for a build of one of them. */
  readonly isPartial?: true;
  readonly sources: readonly SourceState[];
}

export interface StateOptions {
  readonly project: Project;
  readonly host: Host;
  /** An empty folder. */
  readonly dir: string;
}

/** The commit of the project's repository that a name stands for: a tag, a branch, a commit. Undefined if there is none. */
export async function findCommit(name: string, { project, host }: Omit<StateOptions, "dir">): Promise<string | undefined> {
  const inRoot = { host, cwd: project.root };
  const found = await tryGit(["rev-parse", "--quiet", "--verify", "--end-of-options", `${name}^{commit}`], inRoot);
  return found.exitCode === 0 ? found.stdout.trim() : undefined;
}

/** A state whose lines can be read. */
export interface OpenState {
  readonly lines: readonly string[];
  /**
   * Reads a line. It has no sources if the state lacks it. Throws "project" for files that cannot
   * be read, and says of which state they are.
   */
  readonly read: (line: string) => Promise<LineState>;
}

/** Opens a state. Its folder must stay until all is read. */
export async function openState(state: StateName, options: StateOptions): Promise<OpenState> {
  const { project, host } = options;
  if (state.kind === "build") return { lines: [state.built.line], read: async (line) => readBuild(state, line, options) };
  if (state.kind === "tree") {
    const read = async (line: string) => ({ name: "the work tree", sources: await readLine(project, line, host) });
    return { lines: await listLines(project), read };
  }
  const { name, commit } = state;
  const at = await unpack(commit, options);
  const read = async (line: string) => ({ name, commit, sources: at === undefined ? [] : await readNamed(name, at, line, host) });
  return { lines: at === undefined ? [] : await listLines(at), read };
}

/** The project's patches of a commit; undefined if it has none. */
async function unpack(commit: string, options: StateOptions): Promise<Project | undefined> {
  const { project, host, dir } = options;
  const listed = await git(["ls-tree", "--name-only", commit, "patches"], { host, cwd: project.root });
  return listed === "" ? undefined : projectAt(commit, dir, options);
}

async function readNamed(name: string, project: Project, line: string, host: Host): Promise<readonly SourceState[]> {
  return readLine(project, line, host).catch((error: unknown) => {
    if (!(error instanceof BuildError) || error.code !== "project") throw error;
    throw withDetails(error, { message: `State \`${name}\` cannot be read:\n${error.message}` });
  });
}

async function readLine(project: Project, line: string, host: Host): Promise<readonly SourceState[]> {
  if (!(await listLines(project)).includes(line)) return [];
  return (await readSources(project, line, host)).map(stateOf);
}

function stateOf(source: Source): SourceState {
  const { name, upstream, branch, commit, version, revision, picks, alternates, merged, dropped } = source;
  return {
    name,
    upstream,
    branch,
    commit,
    version,
    revision,
    picks,
    alternates,
    merged,
    dropped,
    patches: allPatches(source),
    source,
  };
}

/** All patches of a source: its series, and those of each series in `packaging/`. */
export function allPatches({ patches, packaging }: Source): Source["patches"] {
  const others = Object.values(packaging).flat();
  return [...patches, ...others.filter(({ name }, index) => others.findIndex((one) => one.name === name) === index)];
}

/** Reads the state that a build recorded: with its files, if a commit of the project has them. */
async function readBuild(
  { name, built: manifest }: StateName & { readonly kind: "build" },
  line: string,
  options: StateOptions,
): Promise<LineState> {
  const built = new Map(manifest.jobs.toReversed().map((job) => [job.source, job]));
  const commit = await findBuiltCommit(manifest, options);
  const at = commit === undefined ? undefined : await unpack(commit, options);
  const known = at === undefined ? [] : await readNamed(name, at, line, options.host);
  const sources = [...built.values()].map((job) => known.find((one) => one.name === job.source) ?? recordedState(job));
  return {
    name: commit === undefined ? name : `${name} (built from ${commit.slice(0, 12)})`,
    ...(commit === undefined ? {} : { commit }),
    isPartial: true,
    sources: sources.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

function recordedState(job: BuiltJob): SourceState {
  const { source: name, base, baseCommit, version, revision, picks = [], series, packaging = [] } = job;
  const upstream = base.kind === "git" ? base.url : `Debian's ${base.package} ${base.version}`;
  const patches = [...series, ...packaging];
  return { name, upstream, commit: baseCommit, version, revision, picks: picks.map(plainPick), patches };
}

function plainPick({ commit, why, without }: NonNullable<BuiltJob["picks"]>[number]): Source["picks"][number] {
  return { commit, why, without: [...without] };
}
