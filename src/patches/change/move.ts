import type { Source } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { count } from "../../sys/text.ts";
import { findPatch } from "../find-patch.ts";
import { listsOf, mapLists } from "../lists.ts";
import type { Change, ChangeRow } from "./change.ts";

/** Where a patch goes: beside another one, or to a place in its series, from 1. */
export type Place =
  | { readonly kind: "before" | "after"; readonly patch: string }
  | { readonly kind: "to"; readonly number: number };

/**
 * Moves a patch within each series that has it. Returns undefined if it is there already. Throws
 * "usage" for a patch or a place that does not exist.
 */
export function movePatch(asked: string, place: Place, source: Source): Change | undefined {
  const { name } = findPatch(asked, source);
  const before = listsOf(source);
  const paths = pathsFor(name, place, source);
  const rows: ChangeRow[] = [];
  const lists = mapLists(before, (names, path) => {
    if (!paths.includes(path)) return names;
    const others = names.filter((other) => other !== name);
    const to = indexOf(place, others, source);
    if (to !== names.indexOf(name)) rows.push({ name, change: "moved", series: path, from: names.indexOf(name) + 1, to: to + 1 });
    return others.toSpliced(to, 0, name);
  });
  if (rows.length === 0) return undefined;
  return {
    lists,
    gone: [],
    rows,
    refusal: {
      message: `In that order, the series of \`${source.name}\` does not apply, so nothing is written.`,
      hint: `choose another place, or change a patch first: kovn-build patches edit ${source.name} PATCH --line ${source.line}`,
    },
  };
}

/** The series in which a patch moves: all that have it and the other one. */
function pathsFor(name: string, place: Place, source: Source): readonly string[] {
  const paths = Object.entries(listsOf(source)).flatMap(([path, names]) =>
    names.includes(name) ? [[path, names] as const] : [],
  );
  if (place.kind === "to") {
    const [only] = paths;
    if (paths.length !== 1 || only === undefined)
      throw new BuildError("usage", `Patch \`${name}\` is in ${paths.map(([path]) => `\`${path}\``).join(" and ")}.`, {
        hint: "name its place by another patch: --before PATCH or --after PATCH",
      });
    const [path, names] = only;
    if (place.number > names.length)
      throw new BuildError("usage", `\`${path}\` has ${count(names.length, "patch")}, so there is no place ${place.number}.`);
    return [path];
  }
  const other = findPatch(place.patch, source).name;
  if (other === name) throw new BuildError("usage", `Patch \`${name}\` cannot be moved beside itself.`);
  const shared = paths.flatMap(([path, names]) => (names.includes(other) ? [path] : []));
  if (shared.length > 0) return shared;
  throw new BuildError("usage", `No series of \`${source.name}\` has both \`${name}\` and \`${other}\`.`, {
    hint: `kovn-build patches list --line ${source.line}`,
  });
}

/** The index of a place among the other patches of a series. */
function indexOf(place: Place, others: readonly string[], source: Source): number {
  if (place.kind === "to") return place.number - 1;
  return others.indexOf(findPatch(place.patch, source).name) + (place.kind === "after" ? 1 : 0);
}
