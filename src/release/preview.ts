import type { Asset } from "../set/assets.ts";
import { makeNotes, type SourceChanges } from "./notes.ts";
import { isPrerelease, tagOf } from "./version.ts";

/** Where the files of a release would go at one destination. */
export interface PreviewedDestination {
  /** The value of `--to`. */
  readonly to: string;
  readonly files: readonly { readonly name: string; readonly to: string }[];
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
  /** `size` is in bytes. */
  readonly assets: readonly { readonly name: string; readonly size: number; readonly sha256: string }[];
  readonly notes: string;
  readonly destinations: readonly PreviewedDestination[];
}

export interface ReleasePreviewInput {
  readonly line: string;
  readonly version: string;
  readonly since: string | undefined;
  readonly sources: readonly SourceChanges[];
  readonly assets: readonly Asset[];
  readonly destinations: readonly PreviewedDestination[];
}

/** Previews a release; pure. */
export function previewRelease({ line, version, since, sources, assets, destinations }: ReleasePreviewInput): ReleasePreview {
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
