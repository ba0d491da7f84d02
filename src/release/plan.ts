import type { Asset } from "../set/assets.ts";
import { makeNotes, type SourceChanges } from "./notes.ts";
import { isPrerelease, tagOf } from "./version.ts";

/** Where a release's files will be at one destination. */
export interface PlannedDestination {
  /** As it stands after `--to`. */
  readonly to: string;
  readonly files: readonly { readonly name: string; readonly to: string }[];
}

/** A release before it is made: `release plan --json` prints it. */
export interface ReleasePlan {
  readonly schema: 1;
  readonly line: string;
  readonly version: string;
  readonly tag: string;
  readonly name: string;
  readonly prerelease: boolean;
  /** The tag that the notes begin after; absent for a line's first release. */
  readonly since?: string;
  /** `size` is in bytes. */
  readonly assets: readonly { readonly name: string; readonly size: number; readonly sha256: string }[];
  readonly notes: string;
  readonly destinations: readonly PlannedDestination[];
}

export interface ReleasePlanInput {
  readonly line: string;
  readonly version: string;
  readonly since: string | undefined;
  readonly sources: readonly SourceChanges[];
  readonly assets: readonly Asset[];
  readonly destinations: readonly PlannedDestination[];
}

/** Makes the plan of a release: a pure function of what was read. */
export function planRelease({ line, version, since, sources, assets, destinations }: ReleasePlanInput): ReleasePlan {
  return {
    schema: 1,
    line,
    version,
    tag: tagOf(version),
    name: `Kube-OVN ${version}: ${sources.map((source) => `${source.name} ${source.version}`).join(", ")}`,
    prerelease: isPrerelease(version),
    ...(since === undefined ? {} : { since }),
    assets: assets.map(({ name, size, sha256 }) => ({ name, size, sha256 })),
    notes: makeNotes({ since, sources, assets }),
    destinations,
  };
}
