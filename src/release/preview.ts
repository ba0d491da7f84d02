import type { Line } from "../config/lines.ts";
import type { Asset } from "../set/assets.ts";
import type { BuiltJob } from "../dist/manifest.ts";
import { describeBase } from "../plan/base.ts";
import type { SourceChanges } from "./changes.ts";
import { makeNotes } from "./notes.ts";
import { joinArtifacts, type ReleasedSource } from "./released-sources.ts";
import { isPrerelease, tagOf } from "./version.ts";

/** Where the files of a release would go at one destination. */
export interface PreviewedDestination {
  /** The value of `--to`. */
  readonly to: string;
  readonly files: readonly { readonly name: string; readonly to: string }[];
}

/** A source of a release. */
export interface PreviewedSource {
  readonly name: string;
  readonly version: string;
  readonly revision: number;
  /** The tree below the series, in words. */
  readonly base: string;
  readonly alternate: boolean;
  /** In what the artifacts differ from the state that is released; absent for nothing. */
  readonly differs?: string;
}

/** A release before it is made; `release plan --json` prints it. */
export interface ReleasePreview {
  readonly schema: 1;
  readonly line: string;
  readonly version: string;
  readonly tag: string;
  readonly name: string;
  readonly prerelease: boolean;
  /** The tag after which the notes begin; absent for the first release of a line. */
  readonly since?: string;
  /** The sources of the artifacts; without artifacts, all sources of the line. */
  readonly sources: readonly PreviewedSource[];
  /** Sources of the line that none of the artifacts was built from. */
  readonly absent: readonly string[];
  /** `size` is in bytes. */
  readonly assets: readonly { readonly name: string; readonly size: number; readonly sha256: string }[];
  readonly notes: string;
  readonly destinations: readonly PreviewedDestination[];
}

export interface ReleasePreviewInput {
  readonly line: string;
  readonly version: string;
  readonly since: string | undefined;
  readonly about: Line;
  readonly sources: readonly SourceChanges[];
  /** The jobs that made the artifacts; undefined when there are none yet. */
  readonly jobs: readonly BuiltJob[] | undefined;
  readonly assets: readonly Asset[];
  readonly destinations: readonly PreviewedDestination[];
}

/** Previews a release; pure. */
export function previewRelease(input: ReleasePreviewInput): ReleasePreview {
  const { line, version, since, about, assets, destinations } = input;
  const { sources, absent, hasDriver } = joinArtifacts(input.sources, input.jobs);
  const previewed = sources.map(previewSource);
  const names = previewed.map((source) => `${source.name} ${source.version}${source.alternate ? " (alternate)" : ""}`);
  return {
    schema: 1,
    line,
    version,
    tag: tagOf(version),
    name: `Kube-OVN ${version}${names.length === 0 ? "" : `: ${names.join(", ")}`}`,
    prerelease: isPrerelease(version),
    ...(since === undefined ? {} : { since }),
    ...{ sources: previewed, absent },
    assets: assets.map(({ name, size, sha256 }) => ({ name, size, sha256 })),
    notes: makeNotes({ since, about, sources, absent, hasDriver, assets }),
    destinations,
  };
}

function previewSource({ name, version, revision, upstream, commit, built }: ReleasedSource): PreviewedSource {
  return {
    name,
    version: built?.version ?? version,
    revision: built?.revision ?? revision,
    base: built?.alternate ?? describeBase({ kind: "git", url: upstream, commit }),
    alternate: built?.alternate !== undefined,
    ...(built?.differs === undefined ? {} : { differs: built.differs }),
  };
}
