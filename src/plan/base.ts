import { BuildError } from "../errors.ts";
import type { Source } from "../config/source.ts";

/** A tree that a series is applied to: the pinned commit in an upstream repository, or a declared alternate. */
export type Base =
  | { readonly kind: "git"; readonly url: string; readonly commit: string }
  | {
      readonly kind: "apt";
      readonly package: string;
      readonly version: string;
      readonly member: string;
      readonly sha256: string;
    };

/** Where bases are taken from: a rule for all sources, and repositories given for single ones. */
export interface From {
  readonly rule: "auto" | "git" | "apt";
  /** Source name to path or URL. */
  readonly repositories: Readonly<Record<string, string>>;
}

/** The bases of a source that `from` allows, in the order in which they are declared. Throws "usage" when there is none. */
export function allowedBases(source: Source, from: From): readonly Base[] {
  const given = from.repositories[source.name];
  if (given !== undefined) return [{ kind: "git", url: given, commit: source.commit }];
  const upstream: Base = { kind: "git", url: source.upstream, commit: source.commit };
  const alternates = alternatesOf(source);
  if (from.rule === "git") return [upstream];
  if (from.rule === "auto") return [upstream, ...alternates];
  if (alternates.length > 0) return alternates;
  throw new BuildError("usage", `Source \`${source.name}\` has no Debian package to be taken from.`, {
    hint: `--from ${source.name}=PATH_OR_URL, or --only another job`,
  });
}

/** Every base of a source, whatever `from` prefers: the pin (from a given repository, if there is one) and all alternates. */
export function declaredBases(source: Source, from: From): readonly Base[] {
  return [
    { kind: "git", url: from.repositories[source.name] ?? source.upstream, commit: source.commit },
    ...alternatesOf(source),
  ];
}

function alternatesOf(source: Source): readonly Base[] {
  return source.alternates.map(({ apt, ...rest }): Base => ({ kind: "apt", package: apt, ...rest }));
}

/** A base's id in the lock: what decides its tree, wherever it is taken from. */
export function baseId(base: Base): string {
  return base.kind === "git" ? `git:${base.commit}` : `apt:${base.sha256}`;
}

/** A base in a few words, for a person. */
export function describeBase(base: Base): string {
  return base.kind === "git" ? `${base.url} at ${base.commit.slice(0, 12)}` : `Debian's ${base.package} ${base.version}`;
}
