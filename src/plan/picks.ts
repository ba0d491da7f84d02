import type { UpstreamPick } from "../config/pick.ts";
import { describeBase, type Base } from "./base.ts";

/** Lists the upstream commits that are taken onto a base, in order. */
export function picksOf(base: Base): readonly UpstreamPick[] {
  return base.kind === "git" ? (base.picks ?? []) : [];
}

/** Lists the picks that a base lacks. */
export function missingPicksOf(base: Base): readonly UpstreamPick[] {
  return base.kind === "apt" ? (base.missingPicks ?? []) : [];
}

/** What a person must know about a source that is built without its picks; undefined if it is not. */
export function describeMissingPicks(source: string, base: Base): string | undefined {
  const picks = missingPicksOf(base);
  if (picks.length === 0) return undefined;
  const number = picks.length === 1 ? "1 pick" : `${picks.length} picks`;
  return `Source \`${source}\` is built WITHOUT ${number}: ${describeBase(base)} has no history to take them onto. It lacks ${listPicks(picks)}.`;
}

/** The first digits of a pick's commit, for people. */
export function shortId({ commit }: Pick<UpstreamPick, "commit">): string {
  return commit.slice(0, 12);
}

/** Each pick with its reason, for a sentence. */
export function listPicks(picks: readonly Pick<UpstreamPick, "commit" | "why">[]): string {
  return picks.map((one) => `${shortId(one)} (${one.why})`).join(", ");
}

/** What a pick is, whatever people write about it: JSON, for keys and comparisons. */
export function pickContent({ commit, without }: UpstreamPick): Pick<UpstreamPick, "commit" | "without"> {
  return { commit, without };
}

/** The paths among `paths` that a path of `without` names: a file, or with `/` at its end a folder. */
export function pathsAt(left: string, paths: readonly string[]): readonly string[] {
  return paths.filter((path) => (left.endsWith("/") ? path.startsWith(left) : path === left));
}
