import type { Artifact } from "./manifest.ts";

/** An artifact, and what became of it since an earlier build. */
export interface Difference {
  readonly artifact: Artifact;
  /** The artifact in the earlier build; undefined for a new one. */
  readonly before: Artifact | undefined;
}

/** How the artifacts of a build differ from those of an earlier one, and which are gone. */
export interface Differences {
  readonly artifacts: readonly Difference[];
  readonly gone: readonly Artifact[];
}

/** Compares artifacts with those of an earlier build. Their names change with every patch. */
export function differencesOf(artifacts: readonly Artifact[], earlier: readonly Artifact[]): Differences {
  const before = new Map(earlier.map((artifact) => [identityOf(artifact), artifact]));
  const now = new Set(artifacts.map(identityOf));
  return {
    artifacts: artifacts.map((artifact) => ({ artifact, before: before.get(identityOf(artifact)) })),
    gone: earlier.filter((artifact) => !now.has(identityOf(artifact))),
  };
}

/** Names an artifact without its version: a package, or a file without the suffix of the series. */
function identityOf({ job, file, package: name, architecture }: Artifact): string {
  return name === undefined
    ? `${job} file ${file.replaceAll(/\+kovn\d+\.[0-9a-f]{8}/g, "")}`
    : `${job} package ${name} ${architecture}`;
}
