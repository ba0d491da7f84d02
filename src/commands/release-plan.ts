import { unknownName } from "../config/names.ts";
import { listLines, pickLine, type Project } from "../config/project.ts";
import { listSources } from "../config/source.ts";
import { BuildError } from "../errors.ts";
import { parseDestination } from "../publish/registry.ts";
import { listAssets } from "../release/assets.ts";
import { makeNotes, type SourceChanges } from "../release/notes.ts";
import { planRelease, type ReleasePlan } from "../release/plan.ts";
import type { ReleaseSet } from "../release/set.ts";
import { checkLine, nextVersion, previousVersion, releasedVersions, tagOf } from "../release/version.ts";
import type { Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { listTags } from "../sys/git-release.ts";
import { withSet, type AllowOptions } from "./publish.ts";
import { readChanges } from "./release-changes.ts";
import { parseFrom } from "./request.ts";

export interface NotesOptions {
  readonly line?: string;
  /** Tag of the release that the notes begin after; the line's release before when undefined. */
  readonly since?: string;
  readonly from: readonly string[];
  /** Folders or bundles of artifacts; `dist`, if there is one, when none is given. */
  readonly dist: readonly string[];
}

export interface PlanOptions extends NotesOptions, AllowOptions {
  readonly to: readonly string[];
  readonly json: boolean;
}

/** `kovn-build release notes`: what changed since a release, as Markdown. Fetches upstream where it can. */
export async function releaseNotes(options: NotesOptions, project: Project, host: Host): Promise<string> {
  const { since, sources, line } = await readRelease(undefined, options, false, project, host);
  return withAssets({ ...options, allowAlternate: true, allowUnlocked: true }, line, project, async (set) =>
    makeNotes({ since, sources, assets: set === undefined ? [] : await listAssets(set) }),
  );
}

/** `kovn-build release plan`: the release as it would be; reaches no network, needs no token. */
export async function releasePlan(
  version: string | undefined,
  options: PlanOptions,
  project: Project,
  host: Host,
): Promise<string> {
  const destinations = options.to.map((to) => ({ to, ...parseDestination(to) }));
  const release = await readRelease(version, options, true, project, host);
  const plan = await withAssets(options, release.line, project, async (set) => {
    const assets = set === undefined ? [] : await listAssets(set);
    const planned = destinations.map(({ to, publisher, place }) => ({
      to,
      files: set === undefined ? [] : publisher.plan(set, assets, place),
    }));
    return planRelease({ ...release, assets, destinations: planned });
  });
  return options.json ? `${JSON.stringify(plan, undefined, 2)}\n` : showPlan(plan);
}

/** What a release is made of, without its artifacts: its line, its version (the next one when none is given), and what changed since the one before. */
async function readRelease(
  asked: string | undefined,
  options: NotesOptions,
  offline: boolean,
  project: Project,
  host: Host,
): Promise<{
  readonly line: string;
  readonly version: string;
  readonly since: string | undefined;
  readonly sources: readonly SourceChanges[];
}> {
  const lines = await listLines(project);
  const line = asked === undefined ? await pickLine(project, options.line) : checkLine(asked, lines);
  if (options.line !== undefined && options.line !== line)
    throw new BuildError("usage", `Version ${asked} is of line ${line}, not of ${options.line}.`);
  const tags = await listTags({ host, cwd: project.root });
  const released = releasedVersions(line, tags);
  const version = asked ?? nextVersion(line, released);
  const before = previousVersion(version, released);
  const since = options.since ?? (before === undefined ? undefined : tagOf(before));
  if (since !== undefined && !tags.includes(since)) throw unknownName("Tag", since, tags);
  const from = parseFrom(options.from, await listSources(project, line));
  return { line, version, since, sources: await readChanges(line, since, { project, host, from, offline }) };
}

async function withAssets<T>(
  options: Pick<PlanOptions, "dist" | keyof AllowOptions>,
  line: string,
  project: Project,
  use: (set: ReleaseSet | undefined) => Promise<T>,
): Promise<T> {
  const inputs = options.dist.length > 0 || !(await exists("dist")) ? options.dist : ["dist"];
  if (inputs.length === 0) return use(undefined);
  return withSet(inputs, options, project, async (set) => {
    if (set.line === line) return use(set);
    throw new BuildError("usage", `The artifacts in ${inputs.join(", ")} are of line ${set.line}, not of ${line}.`, {
      hint: "--dist DIR, or --line LINE",
    });
  });
}

function showPlan(plan: ReleasePlan): string {
  const head = [
    plan.name,
    `  tag         ${plan.tag}${plan.prerelease ? " (prerelease)" : ""}`,
    `  since       ${plan.since ?? "- (the first of its line)"}`,
    ...plan.assets.map((asset) => `  asset       ${asset.sha256}  ${String(asset.size).padStart(10)}  ${asset.name}`),
    ...plan.destinations.flatMap(({ to, files }) => files.map((file) => `  goes to     ${to}: ${file.to}`)),
  ];
  return `${head.join("\n")}\n\n${plan.notes}`;
}
