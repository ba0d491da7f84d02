import { printable } from "../../sys/printable.ts";
import { count } from "../../sys/text.ts";
import { changedFields, type LineDiff, type SourceDiff } from "./compare-states.ts";
import type { Commit } from "./compare-sources.ts";
import { nameOf, placeOfPin, rowsOf, sumOf } from "./rows.ts";

/** How many of upstream's commits are listed; the rest are counted. */
export const mostCommits = 50;

/** The differences of a line for people. Without `diffs`, only which ones there are. */
export function showDiff({ line, before, after, sources, same }: LineDiff, diffs: boolean): string {
  const head = `line ${line}: ${nameOf(before)} to ${nameOf(after)}`;
  const rest = same.length === 0 ? [] : ["", `${same.join(", ")}: nothing changed`];
  const rows = [head, ...sources.flatMap((source) => ["", ...showSource(source, diffs)]), ...rest];
  return `${rows.map((row) => row.trimEnd()).join("\n")}\n`;
}

function showSource(source: SourceDiff, diffs: boolean): readonly string[] {
  const rows = rowsOf(source);
  const width = Math.max(0, ...rows.map(({ name }) => name.length));
  const cells = rows.map(
    ({ thing, change, name, about }) => `${thing.padEnd(9)}  ${change.padEnd(7)}  ${name.padEnd(width)}  ${printable(about)}`,
  );
  return [
    `${source.name}: ${sayRevision(source)}`,
    ...showPin(source, diffs).map(indent),
    ...cells.map(indent),
    ...(source.before === undefined || source.after === undefined ? [] : [indent(sumOf(source))]),
    ...(source.needsRevision ? [indent(revisionNote)] : []),
    ...(diffs ? showDiffs(source) : []),
  ];
}

/** What a person must do about a series that changed without its revision. */
export const revisionNote = "The revision is the same, so packages with other contents would have the same version: raise it.";

/** The revision of a source, and what it was. */
export function sayRevision({ before, after }: SourceDiff): string {
  if (before === undefined) return `new, revision ${after?.revision}`;
  if (after === undefined) return "dropped from the line";
  if (before.revision === after.revision) return `revision ${after.revision}`;
  return `revision ${before.revision} to ${after.revision}`;
}

function showPin({ before, after, commits, lost }: SourceDiff, diffs: boolean): readonly string[] {
  const pin = (what: string) => `pin        ${what}`;
  if (before === undefined || after === undefined)
    return [after, before].flatMap((one) => (one === undefined ? [] : [pin(placeOfPin(one))]));
  const changed = changedFields(before, after);
  const upstream = changed.includes("upstream") ? [`upstream   ${before.upstream} to ${after.upstream}`] : [];
  if (!changed.some((field) => field !== "revision" && field !== "upstream")) return [pin(placeOfPin(after)), ...upstream];
  const move = [pin(`${placeOfPin(before)} to ${placeOfPin(after)}`), ...upstream];
  if (before.commit === after.commit) return move;
  if (commits === undefined || lost === undefined)
    return [...move, "           upstream's commits between them are unavailable here"];
  const list = (all: readonly Commit[], what: string) =>
    all.length === 0 ? [] : [`           ${count(all.length, "commit")} ${what}`, ...(diffs ? listCommits(all) : [])];
  return [...move, ...list(commits, "of upstream"), ...list(lost, "of the old pin that the new one lacks")];
}

function listCommits(commits: readonly Commit[]): readonly string[] {
  const rows = commits.slice(0, mostCommits).map(({ id, subject }) => `             ${id.slice(0, 12)} ${printable(subject)}`);
  return commits.length > mostCommits ? [...rows, `             and ${commits.length - mostCommits} more`] : rows;
}

function showDiffs({ series, noTrees }: SourceDiff): readonly string[] {
  const shown = series.changed.flatMap(({ patch, diff }) =>
    diff === undefined ? [] : ["", indent(patch.name), ...diff.split("\n").map((row) => `    ${printable(row)}`)],
  );
  if (noTrees === undefined || series.changed.length === 0) return shown;
  return ["", ...`${kindOfDiffs(shown.length)} ${noTrees}`.split("\n").map((row) => indent(printable(row))), ...shown];
}

/** Says what the diffs of patches are, where they are not of the trees that patches make. */
export function kindOfDiffs(number: number): string {
  return number === 0
    ? "Changed patches have no diff here."
    : "These are diffs of the patch files, not of the trees that they make.";
}

function indent(row: string): string {
  return `  ${row}`;
}
