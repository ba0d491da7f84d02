import type { UpstreamPick } from "../../config/pick.ts";

/** A commit of upstream, for people. */
export interface UpstreamCommit {
  readonly id: string;
  readonly subject: string;
}

/** Why a part of a patch cannot be merged; `resolved` is one that somebody has resolved before. */
export type HunkCause = "changed" | "missing" | "exists" | "deletes" | "resolved";

/** A part of a patch that cannot be merged into the new base. */
export interface Hunk {
  readonly file: string;
  /** The line of the file as the patches before leave it; absent where the file as a whole is the conflict. */
  readonly line?: number;
  readonly cause: HunkCause;
  /** The earlier patch whose conflict is the only reason. */
  readonly follows?: string;
}

/** What becomes of a patch on the new base. */
export type PatchStatus =
  | "unchanged" // its file applies as it is
  | "merges" // git merges it; the file is written again
  | "conflicts" // upstream changed these lines
  | "follows" // it conflicts only because an earlier patch does
  | "resolved" // it conflicts, and git resolves it as a person did before
  | "upstream" // the new base has the change
  | "order"; // it needs a later patch of the series

/** A patch, and what becomes of it. */
export interface PatchRow {
  readonly name: string;
  readonly subject: string;
  readonly seed: string;
  readonly status: PatchStatus;
  /** True if it applies as it is where git cannot merge it: upstream changed the lines beside its own. */
  readonly near?: boolean;
  /** The patches that it follows. */
  readonly follows?: readonly string[];
  /** The later patch that it needs. */
  readonly after?: string;
  /** Upstream's commit with this change, if it was found. */
  readonly commit?: UpstreamCommit;
  readonly hunks: readonly Hunk[];
}

/** A pick, and what becomes of it. */
export interface PickRow extends Pick<UpstreamPick, "commit" | "why"> {
  /** One that neither applies nor is upstream becomes a patch. */
  readonly status: "applies" | "upstream" | "conflicts" | "follows" | "resolved" | "merges";
  /** Upstream's commit with this change in the new base, if it was found. */
  readonly by?: UpstreamCommit;
  /** The picks that it follows. */
  readonly follows?: readonly string[];
  readonly hunks: readonly Hunk[];
}

/** True for a pick that does not apply to the new base, so it becomes a patch. */
export function isAside({ status }: Pick<PickRow, "status">): boolean {
  return status !== "applies" && status !== "upstream";
}

/** The commit that a source moves to, or comes from. */
export interface Place {
  readonly commit: string;
  readonly branch: string;
  readonly version: string;
}

/** What a rebase will do: a row for each pick and patch, in their order. */
export interface Picture {
  readonly line: string;
  readonly source: string;
  readonly from: Place;
  readonly onto: Place;
  /** Upstream's commits that only the new base has, and those that only the old one has. */
  readonly ahead: number;
  readonly behind: number;
  /** Of `behind`, those whose subject no commit of `ahead` has, but for releases: what a move may lose. */
  readonly lost: readonly UpstreamCommit[];
  readonly picks: readonly PickRow[];
  readonly patches: readonly PatchRow[];
}

/** How many patches there are of each kind. `toResolve` are those that conflict by themselves, and were not resolved before. */
export interface Sum {
  readonly patches: number;
  readonly unchanged: number;
  readonly merges: number;
  readonly upstream: number;
  readonly order: number;
  readonly conflicts: number;
  readonly toResolve: number;
  readonly resolved: number;
  readonly picksToResolve: number;
}

/** Counts the patches and picks of a picture. */
export function sumOf({ patches, picks }: Pick<Picture, "patches" | "picks">): Sum {
  const of = (status: PatchStatus) => patches.filter((row) => row.status === status).length;
  return {
    patches: patches.length,
    unchanged: of("unchanged"),
    merges: of("merges"),
    upstream: of("upstream"),
    order: of("order"),
    conflicts: of("conflicts") + of("follows") + of("resolved"),
    toResolve: of("conflicts"),
    resolved: of("resolved"),
    picksToResolve: picks.filter(({ status }) => status === "conflicts").length,
  };
}
