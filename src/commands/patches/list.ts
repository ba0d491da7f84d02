import { readLock, unlockedLine } from "../../config/lock.ts";
import type { UpstreamPick } from "../../config/pick.ts";
import { readKubeOvn } from "../../config/kube-ovn.ts";
import { aboutLine, describeLine, pickLine } from "../../config/lines.ts";
import { readSeed } from "../../config/seed.ts";
import { readSources } from "../../config/source.ts";
import { allOrProblems } from "../../errors.ts";
import { listEntries, listSeries, type ListedEntry, type ListedPatch, type ListedSeries } from "../../patches/list.ts";
import { listKubeOvn, type ListedChange, type ListedKubeOvn } from "../../patches/kube-ovn.ts";
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
    .addHelpText("after", examples(["kovn-build patches list", "list the patches of the default line"]))
    .action(async (options: ListOptions) => list(options, context));
};

async function list(options: ListOptions, { host, print, project: find, report, columns }: Context): Promise<void> {
  const project = await find();
  const line = await pickLine(project, options.line);
  const [seed, sources, lock, theirs] = await allOrProblems([
    readSeed(project),
    readSources(project, line, host),
    readLock(project, line),
    readKubeOvn(project, line),
  ]);
  const { about, ended } = await aboutLine(project, line);
  const { standsFor, supportedUntil } = about;
  const [entries, series] = [listEntries(seed, sources), listSeries(seed, sources)];
  const kubeOvn = theirs === undefined ? undefined : listKubeOvn(theirs, sources);
  const notices = [lock === undefined ? unlockedLine(line) : [], ended ?? []].flat();
  for (const notice of notices) report.write(`${notice}\n`);
  if (options.json) return print(new Json({ schema: 1, line, standsFor, supportedUntil, entries, series, kubeOvn }));
  const head = standsFor === undefined ? [] : [`line ${describeLine(about)}`, ""];
  const rows = [...head, ...series.flatMap(showSeries), ...showOthers(entries), ...showKubeOvn(kubeOvn)];
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
    ({ entry, seed, source, status, title, since, why }) =>
      `  ${status.padEnd(7)}  ${source}  ${seedOf(entry, seed)}  ${printable(title)}${showReason(since, why)}`,
  );
  return rows.length === 0 ? [] : ["entries of the seed without a patch", ...rows, ""];
}

/** What the line has for each change that its release of Kube-OVN makes. */
function showKubeOvn(kubeOvn: ListedKubeOvn | undefined): readonly string[] {
  if (kubeOvn === undefined) return [];
  const width = Math.max(0, ...kubeOvn.lists.flatMap(({ changes }) => changes.map(({ id }) => id.length)));
  const show = ({ id, source, what, status, patches, pick, since, why }: ListedChange) => {
    const here = [...patches, pick === undefined ? [] : `pick ${pick}`].flat().join(", ");
    const reason = here === "" ? showReason(since, why) : `: ${here}`;
    return `  ${status.padEnd(7)}  ${source}  ${printable(id).padEnd(width)}  ${printable(what)}${reason}`;
  };
  const lists = kubeOvn.lists.flatMap(({ title, changes }) => [
    `  ${printable(title)}`,
    ...changes.map((one) => `  ${show(one)}`),
  ]);
  return [`changes of ${printable(kubeOvn.release)}`, ...lists, ""];
}

function showReason(since: string | undefined, why: string | undefined): string {
  const parts = [since === undefined ? [] : `since ${printable(since)}`, why === undefined ? [] : printable(why)].flat();
  return parts.length === 0 ? "" : ` (${parts.join(": ")})`;
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
