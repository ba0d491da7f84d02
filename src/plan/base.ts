import { BuildError } from "../errors.ts";
import type { Patch } from "../config/patch.ts";
import type { UpstreamPick } from "../config/pick.ts";
import type { Source } from "../config/source.ts";
import { makeRecord } from "../record.ts";

/**
 * The tree that a series is applied to: the pinned commit of an upstream repository, or an
 * alternate.
 */
export type Base =
  | {
      readonly kind: "git";
      /** The upstream. It is published. */
      readonly url: string;
      readonly commit: string;
      /** The path or address that the commit is fetched from, if that is not `url`. It is not published. */
      readonly from?: string;
      /** Upstream's commits that are taken onto it, in order; absent if there are none. */
      readonly picks?: readonly UpstreamPick[];
    }
  | {
      readonly kind: "apt";
      readonly package: string;
      readonly version: string;
      readonly member: string;
      readonly sha256: string;
      /** The picks of its source: without history, none can be taken. Absent if there are none. */
      readonly missingPicks?: readonly UpstreamPick[];
    };

/** Where bases come from: a rule for all sources, and repositories of single sources. */
export interface From {
  readonly rule: "auto" | "git" | "apt";
  /** Path or URL of a repository, by source. */
  readonly repositories: Readonly<Record<string, string>>;
}

/**
 * Lists the bases of a source that `from` allows, in declared order: no alternates if there is a
 * reason `whyPinned`. Throws "usage" when there is none.
 */
export function allowedBases(source: Source, from: From, whyPinned?: string): readonly Base[] {
  const upstream = pinOf(source, from);
  const alternates = whyPinned === undefined ? alternatesOf(source) : [];
  if (from.rule === "git" || from.repositories[source.name] !== undefined) return [upstream];
  if (from.rule === "auto") return [upstream, ...alternates];
  if (alternates.length > 0) return alternates;
  if (whyPinned !== undefined)
    throw new BuildError("usage", `Source \`${source.name}\` has to be upstream's: ${whyPinned}.`, {
      hint: `leave out --from apt, or --from ${source.name}=PATH_OR_URL`,
    });
  throw new BuildError("usage", `Source \`${source.name}\` has no Debian package as an alternate.`, {
    hint: `--from ${source.name}=PATH_OR_URL, or --only another job`,
  });
}

/**
 * Lists every base of a source, whatever `from` prefers: the pinned commit (in the given
 * repository, if there is one) and all alternates.
 */
export function declaredBases(
  source: Source,
  from: Pick<From, "repositories"> = { repositories: makeRecord() },
): readonly Base[] {
  return [pinOf(source, from), ...alternatesOf(source)];
}

/** The pinned commit of upstream with its picks, from the given repository if there is one. */
export function pinOf(
  { name, upstream, place, commit, picks }: Source,
  { repositories }: Pick<From, "repositories"> = { repositories: makeRecord() },
): Base & { kind: "git" } {
  const from = repositories[name] ?? place;
  const taken = picks.length === 0 ? {} : { picks };
  return { kind: "git", url: upstream, commit, ...(from === upstream ? {} : { from }), ...taken };
}

/** Returns the path or address that a git base is fetched from. */
export function placeOf({ url, from }: Base & { kind: "git" }): string {
  return from ?? url;
}

/** Returns a base as it is published: not where this build fetched it from, and without picks, which jobs have. */
export function publishedBase(base: Base): Base {
  if (base.kind === "git") return { kind: base.kind, url: base.url, commit: base.commit };
  const { missingPicks: _, ...published } = base;
  return published;
}

function alternatesOf(source: Source): readonly Base[] {
  const missingPicks = source.picks.length === 0 ? {} : { missingPicks: source.picks };
  return source.alternates.map(({ apt, packaging: _, ...rest }): Base => ({
    kind: "apt",
    package: apt,
    ...rest,
    ...missingPicks,
  }));
}

/**
 * Lists the packaging patches of a source for one of its bases, in order. Jobs that make packages
 * apply them on top of the series.
 */
export function packagingOf(source: Source, base: Base): readonly Patch[] {
  return source.packaging[packagingSeries(source, base)] ?? [];
}

/** Returns the name of the series in `packaging/` that a base takes. */
export function packagingSeries(source: Source, base: Base): string {
  const alternate = base.kind === "apt" ? source.alternates.find(({ sha256 }) => sha256 === base.sha256) : undefined;
  return alternate?.packaging ?? "series";
}

/** Returns a base's id in the lock. It depends on the tree, not on where the tree comes from. */
export function baseId(base: Base): string {
  return base.kind === "git" ? `git:${base.commit}` : `apt:${base.sha256}`;
}

/** Describes a base in a few words. */
export function describeBase(base: Base): string {
  return base.kind === "git" ? `${placeOf(base)} at ${base.commit.slice(0, 12)}` : `Debian's ${base.package} ${base.version}`;
}
