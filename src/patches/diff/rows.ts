import { printable } from "../../sys/printable.ts";
import { shortId } from "../../plan/picks.ts";
import type { ListedPatch } from "../compare.ts";
import type { LineState, SourceState, StatePatch } from "./state.ts";
import type { SourceDiff } from "./compare-states.ts";

/** A difference in a line: what it is about, what became of it, and which one. */
export interface Row {
  readonly thing: "pick" | "patch" | "alternate" | "merged" | "left out";
  readonly change: "added" | "dropped" | "changed" | "renamed" | "moved";
  readonly name: string;
  /** For people: a subject, a reason. */
  readonly about: string;
}

/** The differences of a source, a row each, in an order that people read: what is below the series first. */
export function rowsOf({ after, picks, series, alternates, merged, leftOut }: SourceDiff): readonly Row[] {
  const row = (thing: Row["thing"], change: Row["change"], name: string, about: string): Row => ({ thing, change, name, about });
  const patch = (change: Row["change"], { name, subject }: ListedPatch, more = "") =>
    row("patch", change, name, `${subject}${more}`);
  const isChangedPick = (commit: string) => picks.added.some((one) => one.commit === commit);
  return [
    ...picks.dropped.filter((pick) => !isChangedPick(pick.commit)).map((pick) => row("pick", "dropped", shortId(pick), pick.why)),
    ...picks.added.map((pick) => {
      const isChanged = picks.dropped.some((one) => one.commit === pick.commit);
      return row("pick", isChanged ? "changed" : "added", shortId(pick), pick.why);
    }),
    ...series.dropped.map((one) => patch("dropped", one)),
    ...series.added.map((one) => patch("added", one)),
    ...series.renamed.map((one) => row("patch", "renamed", one.before.name, `is ${one.patch.name} now`)),
    ...series.moved.map(({ patch: one, to }) => row("patch", "moved", one.name, sayPlace(after?.patches[to - 2]))),
    ...series.changed.map((one) => patch("changed", one.patch, isSameChange(one) ? " (the change is the same)" : "")),
    ...alternates.dropped
      .filter(({ apt }) => !isIn(alternates.added, apt))
      .map((one) => row("alternate", "dropped", one.apt, sayAlternate(one))),
    ...alternates.added.map((one) =>
      row("alternate", isIn(alternates.dropped, one.apt) ? "changed" : "added", one.apt, sayAlternate(one)),
    ),
    ...merged.dropped.map(({ seed, since }) => row("merged", "dropped", seed, `in upstream since ${since}`)),
    ...merged.added.map(({ seed, since }) => row("merged", "added", seed, `in upstream since ${since}`)),
    ...leftOut.dropped.map(({ seed, why }) => row("left out", "dropped", seed, why)),
    ...leftOut.added.map(({ seed, why }) => row("left out", "added", seed, why)),
  ];
}

type Alternate = SourceDiff["alternates"]["added"][number];

function isIn(alternates: readonly Alternate[], name: string): boolean {
  return alternates.some(({ apt }) => apt === name);
}

function sayAlternate({ version, packaging }: Alternate): string {
  return packaging === undefined ? version : `${version}, packaging/${packaging}`;
}

function sayPlace(before: ListedPatch | undefined): string {
  return before === undefined ? "is the first now" : `comes after ${before.name} now`;
}

function isSameChange({ before, patch }: { readonly before: StatePatch; readonly patch: StatePatch }): boolean {
  return patch.patchId !== undefined && patch.patchId === before.patchId;
}

/** How many patches there are of each kind, such as `20 patches: 1 added, 2 changed, 17 unchanged`. */
export function sumOf({ after, series }: SourceDiff): string {
  const { added, dropped, changed, renamed, moved, unchanged } = series;
  const total = after?.patches.length ?? 0;
  const parts = [
    [added.length, "added"],
    [dropped.length, "dropped"],
    [changed.length, "changed"],
    [renamed.length, "renamed"],
    [moved.length, "moved"],
    [unchanged, "unchanged"],
  ] as const;
  const said = parts.flatMap(([number, word]) => (number === 0 ? [] : [`${number} ${word}`]));
  return [total === 1 ? "1 patch" : `${total} patches`, said.join(", ")].filter(Boolean).join(": ");
}

/** Where a source is pinned, for people. */
export function placeOfPin({ commit, branch, version }: SourceState): string {
  return `${commit.slice(0, 12)} (${[branch, version].filter(Boolean).join(", ")})`;
}

/** A state, for people. */
export function nameOf({ name, commit }: LineState): string {
  const short = commit?.slice(0, 12);
  if (short !== undefined && name === commit) return short;
  return printable(short === undefined || name.includes(short) ? name : `${name} (${short})`);
}
