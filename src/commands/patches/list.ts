import { readLock, unlockedLine } from "../../config/lock.ts";
import type { UpstreamPick } from "../../config/pick.ts";
import { pickLine } from "../../config/project.ts";
import { readSeed } from "../../config/seed.ts";
import { readSources } from "../../config/source.ts";
import { allOrProblems } from "../../errors.ts";
import { listEntries, listSeries, type ListedEntry, type ListedPatch, type ListedSeries } from "../../patches/list.ts";
import { shortId } from "../../plan/picks.ts";
import type { Context } from "../../program/context.ts";
import { examples, jsonOption, lineOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { Json } from "../../sys/json.ts";
import { printable } from "../../sys/printable.ts";

interface ListOptions {
  readonly line?: string;
  readonly json: boolean;
}

/** `kovn-build patches list`: shows the series of a line, and how it covers each entry of the seed. */
export const patchesList: Define = (command, context) => {
  command
    .addOption(lineOption())
    .addOption(jsonOption())
    .addHelpText("after", examples(["kovn-build patches list", "list the patches of the newest line"]))
    .action(async (options: ListOptions) => list(options, context));
};

async function list(options: ListOptions, { host, print, project: find, report, columns }: Context): Promise<void> {
  const project = await find();
  const line = await pickLine(project, options.line);
  const reading = [readSeed(project), readSources(project, line, host), readLock(project, line)] as const;
  const [seed, sources, lock] = await allOrProblems(reading);
  const [entries, series] = [listEntries(seed, sources), listSeries(seed, sources)];
  if (lock === undefined) report.write(`${unlockedLine(line)}\n`);
  if (options.json) return print(new Json({ schema: 1, line, entries, series }));
  const rows = [...series.flatMap(showSeries), ...showOthers(entries)];
  print(`${(await fit(rows, columns)).join("\n")}\n`);
}

function showSeries({ source, version, revision, picks, patches, packaging }: ListedSeries): readonly string[] {
  const lists = [
    ["series", patches] as const,
    ...Object.entries(packaging).map(([name, of]) => [`packaging/${name}`, of] as const),
  ];
  const taken = picks.length === 0 ? [] : ["  picks", ...picks.map(showPick)];
  return [
    `${source} ${version}, revision ${revision}`,
    ...taken,
    ...lists.flatMap(([name, of]) => [`  ${name}`, ...showPatches(of)]),
    "",
  ];
}

function showPick(pick: UpstreamPick, index: number): string {
  const without = pick.without.length === 0 ? "" : ` (without ${pick.without.join(", ")})`;
  return `  ${String(index + 1).padStart(3)}  ${shortId(pick)}  ${printable(pick.why)}${without}`;
}

/** One row for each patch: its place, its name, the entry of the seed, its subject. */
function showPatches(patches: readonly ListedPatch[]): readonly string[] {
  const width = Math.max(0, ...patches.map(({ name }) => name.length));
  return patches.map(({ name, seed, entry, subject }, index) => {
    const of = seed === undefined ? "" : seedOf(entry ?? "?", seed);
    return `  ${String(index + 1).padStart(3)}  ${name.padEnd(width)}  ${of.padEnd(15)}  ${printable(subject)}`;
  });
}

/** The entries of the seed that no patch of the line makes. */
function showOthers(entries: readonly ListedEntry[]): readonly string[] {
  const others = entries.filter(({ status }) => status !== "patch");
  const rows = others.map(
    ({ entry, seed, source, status, title }) => `  ${status.padEnd(7)}  ${source}  ${seedOf(entry, seed)}  ${printable(title)}`,
  );
  return rows.length === 0 ? [] : ["entries of the seed without a patch", ...rows, ""];
}

function seedOf(entry: number | string, seed: string): string {
  return `${String(entry).padStart(2)} (${seed})`;
}

/** Cuts rows to the width of the terminal that shows them, if there is one. */
async function fit(rows: readonly string[], columns: number | undefined): Promise<readonly string[]> {
  const plain = rows.slice(0, -1).map((row) => row.trimEnd());
  if (columns === undefined) return plain;
  const { cut } = await import("../../report/cut.ts");
  return plain.map((row) => cut(row, columns));
}
