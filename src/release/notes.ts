import { shortId } from "../plan/picks.ts";
import type { Asset } from "../set/assets.ts";
import { codeBlock, escapeMarkdown, linkToRepository as link } from "../sys/markdown.ts";
import { saySupport, type Line } from "../config/lines.ts";
import type { UpstreamPick } from "../config/pick.ts";
import type { ListedEntry } from "../patches/list.ts";
import type { SourceChanges } from "./changes.ts";
import type { ReleasedSource, ReleasedSources } from "./released-sources.ts";

export interface NotesInput extends ReleasedSources {
  /** The previous release; undefined for the first of a line. */
  readonly since: string | undefined;
  readonly about: Line;
  readonly assets: readonly Pick<Asset, "name" | "sha256">[];
}

/** How many upstream commits are listed; the rest are counted. */
const listedCommits = 100;

/**
 * Writes the notes of a release as GitHub's Markdown: what its line is for, for each source of its artifacts its base and
 * what upstream and the series changed, then the checksums.
 */
export function makeNotes({ since, about, sources, absent, hasDriver, assets }: NotesInput): string {
  const support = escapeMarkdown(saySupport(about));
  const sections = [support === "" ? [] : support, ...sources.map((source) => describeSource(source, since))].flat();
  if (absent.length > 0) sections.push(`Not in this release: \`${absent.join("`, `")}\`.`);
  // On Windows, the driver is a file of its own as well.
  const names = assets.map(({ name }) => name);
  if (!hasDriver && names.some((name) => name.endsWith(".msi")) && !names.includes("ovsext.sys"))
    sections.push("The installer for Windows has no Hyper-V extension: its bridges need `datapath_type=netdev`.");
  if (assets.length > 0) {
    const rows = assets.map(({ name, sha256 }) => `${sha256}  ${name}`);
    sections.push("## Checksums (sha256)", codeBlock(rows.join("\n"), ""));
  }
  return `${sections.join("\n\n")}\n`;
}

/** What picks and series changed, a line for each pick and patch, for a changelog. */
export function listSeriesChanges(sources: readonly SourceChanges[]): readonly string[] {
  const rows = sources.flatMap(({ name, picks, droppedPicks, series: { added, dropped, changed } }) => [
    ...picks.filter(({ isNew }) => isNew).map((pick) => `- ${name}: took upstream's ${reason(pick)}`),
    ...droppedPicks.map((pick) => `- ${name}: no longer takes upstream's ${reason(pick)}`),
    ...added.map((patch) => `- ${name}: added ${named(patch)}`),
    ...changed.map(({ patch }) => `- ${name}: changed ${named(patch)}`),
    ...dropped.map((patch) => `- ${name}: dropped ${named(patch)}`),
  ]);
  return rows.length === 0 ? [] : ["### Patch series", "", ...rows];
}

function named({ name, subject }: { readonly name: string; readonly subject: string }): string {
  return `\`${name}\`: ${escapeMarkdown(subject)}`;
}

function reason(pick: UpstreamPick): string {
  return `\`${shortId(pick)}\`: ${escapeMarkdown(pick.why)}`;
}

function describeSource(source: ReleasedSource, since: string | undefined): string[] {
  const { name, before, series, built } = source;
  const sections = [`## ${name} ${escapeMarkdown(built?.version ?? source.version)}`, describeBase(source, since)];
  if (built?.differs !== undefined) {
    sections.push(`These artifacts were built from other files than the release has; they differ in ${built.differs}.`);
    return sections;
  }
  // What upstream changed is not in an alternate.
  const isPin = built?.alternate === undefined;
  if (isPin) sections.push(...describeCommits(source, since));
  const list = (title: string, rows: readonly string[]) => {
    if (rows.length > 0) sections.push(`### ${title}`, rows.join("\n"));
  };
  const row = (patch: { name: string; subject: string; seed: string }) =>
    `- ${named(patch)}${patch.seed === "none" ? "" : ` (seed ${patch.seed})`}`;
  const pickRow = (pick: UpstreamPick) =>
    `- ${link(source.upstream, `commit/${pick.commit}`, `\`${shortId(pick)}\``)}: ${escapeMarkdown(pick.why)}`;
  if (isPin) {
    list(
      "Upstream's fixes on top",
      source.picks.map((pick) => `${pickRow(pick)}${before !== undefined && pick.isNew ? " (new)" : ""}`),
    );
    list("Upstream's fixes dropped", source.droppedPicks.map(pickRow));
  } else {
    list("NOT in these artifacts: upstream's fixes that the pin gets", source.picks.map(pickRow));
  }
  list("Patches added", series.added.map(row));
  list("Patches dropped", series.dropped.map(row));
  list(
    "Patches changed",
    series.changed.map(({ patch, diff }) => (diff === undefined ? row(patch) : `${row(patch)}\n\n${codeBlock(diff, "diff")}\n`)),
  );
  const entryRow = ({ entry, seed, title, since: first = "", why }: ListedEntry) =>
    `- entry ${entry} (${seed}), since ${escapeMarkdown([first, title, why ?? []].flat().join(": "))}`;
  list("Merged upstream", (isPin ? source.merged : []).map(entryRow));
  list("Entries of the seed that are not carried", source.dropped.map(entryRow));
  if (before !== undefined)
    sections.push(`${series.unchanged} ${series.unchanged === 1 ? "patch is" : "patches are"} unchanged.`);
  return sections;
}

function describeBase(source: ReleasedSource, since: string | undefined): string {
  const { upstream, branch, version, commit, before, built } = source;
  const pin = `${link(upstream, `commit/${commit}`, `\`${commit.slice(0, 12)}\``)} of ${escapeMarkdown(upstream)} (${escapeMarkdown(branch)})`;
  const revision = `revision ${built?.revision ?? source.revision}`;
  if (built?.alternate !== undefined)
    return `Base: ${escapeMarkdown(built.alternate)}, ${revision}. This is an alternate to the pin, which is ${escapeMarkdown(version)}: ${pin}.`;
  if (built?.differs !== undefined) return `Base: ${escapeMarkdown(upstream)}, ${revision}.`;
  return `Base: ${pin}, ${revision}${before === undefined ? "." : `; ${was(source, before, since)}.`}`;
}

function was(
  { commit, revision }: SourceChanges,
  before: NonNullable<SourceChanges["before"]>,
  since: string | undefined,
): string {
  const release = since ?? "the previous release";
  if (before.commit === commit && before.revision === revision) return `unchanged since ${release}`;
  return `${release} had \`${before.commit.slice(0, 12)}\`, revision ${before.revision}`;
}

function describeCommits({ upstream, commit, before, commits }: SourceChanges, since: string | undefined): string[] {
  if (before === undefined || before.commit === commit) return [];
  const title = `### Upstream commits since ${since ?? "the previous release"}`;
  const log = link(upstream, `compare/${before.commit}...${commit}`, `\`git log ${before.commit}..${commit}\``);
  if (commits === undefined) return [title, `Upstream's history was unavailable: see ${log}.`];
  const rows = commits
    .slice(0, listedCommits)
    .map(({ id, subject }) => `- ${link(upstream, `commit/${id}`, `\`${id.slice(0, 12)}\``)} ${escapeMarkdown(subject)}`);
  const more = commits.length > listedCommits ? [`and ${commits.length - listedCommits} more: see ${log}.`] : [];
  return [title, [commits.length === 1 ? "1 commit:" : `${commits.length} commits:`, "", ...rows].join("\n"), ...more];
}
