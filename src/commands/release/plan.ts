import type { Project } from "../../config/project.ts";
import { BuildError } from "../../errors.ts";
import { parseDestination } from "../../publish/registry.ts";
import { listAssets } from "../../set/assets.ts";
import { makeNotes } from "../../release/notes.ts";
import { planRelease, type ReleasePlan } from "../../release/plan.ts";
import type { ReleaseSet } from "../../set/set.ts";
import type { Host } from "../../sys/exec.ts";
import { exists } from "../../sys/files.ts";
import { withSet, type AllowOptions } from "../publish.ts";
import { readRelease, type ReadOptions } from "./read.ts";

export interface NotesOptions extends ReadOptions {
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
