import type { FileProblem } from "../../errors.ts";
import { problemAt, type Draft } from "./draft.ts";
import type { Section } from "./scan-diff.ts";
import { hasNoPrefix, namesAt, plainName } from "./section-names.ts";

/** How many parts of each path of a diff must be stripped, and what to say about it. */
export interface ChosenLevel {
  readonly level: number;
  readonly problem?: FileProblem;
  readonly notice?: string;
}

/** The most parts that are tried. */
const most = 6;

/**
 * Chooses the level of a diff (`-pN` of patch(1)): the one that a series or an order says, else that
 * of its prefixes, else 1. If the tree has none of its files by that level, and all of them by
 * another one, takes that; a level that is given is a problem then.
 */
export function chooseLevel(draft: Draft, sections: readonly Section[], tree: ReadonlySet<string> | undefined): ChosenLevel {
  const given = draft.strip?.level;
  const level = given ?? ownLevel(sections);
  if (tree === undefined || !misses(level, sections, tree)) return { level };
  const levels = Array.from({ length: most + 1 }, (_, other) => other);
  const fitting = levels.find((other) => other !== level && fits(other, sections, tree));
  if (fitting === undefined) return { level };
  if (draft.strip === undefined)
    return { level: fitting, notice: `${draft.at}: the tree has its files with -p${fitting}, not with -p${level}.` };
  const { file, line } = draft.strip;
  const message = `The tree has no file of this patch with -p${level}, and all of them with -p${fitting}: write -p${fitting}.`;
  return { level, problem: problemAt(file, line, message) };
}

function ownLevel(sections: readonly Section[]): number {
  if (sections.every((section) => section.command !== undefined)) return sections.every(hasNoPrefix) ? 0 : 1;
  return sections.every((section) => namesAt(section, 1) !== undefined) ? 1 : 0;
}

/** The files that a diff needs, and undefined for each whose name has fewer parts. */
function needed(level: number, sections: readonly Section[]): readonly (string | undefined)[] {
  return sections.flatMap((section) => {
    const names = namesAt(section, level);
    if (names === undefined) return [undefined];
    return names.before === undefined ? [] : [plainName(names.before)];
  });
}

function misses(level: number, sections: readonly Section[], tree: ReadonlySet<string>): boolean {
  const files = needed(level, sections);
  return files.length > 0 && !files.some((file) => file !== undefined && tree.has(file));
}

function fits(level: number, sections: readonly Section[], tree: ReadonlySet<string>): boolean {
  const files = needed(level, sections);
  return files.length > 0 && files.every((file) => file !== undefined && tree.has(file));
}
