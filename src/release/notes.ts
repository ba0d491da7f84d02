import type { ListedEntry } from "../patches/list.ts";
import type { SeriesChanges } from "../patches/compare.ts";
import type { Asset } from "../set/assets.ts";
import { codeBlock } from "../sys/markdown.ts";

/** What changed in a source since a release. */
export interface SourceChanges {
  readonly name: string;
  readonly upstream: string;
  readonly branch: string;
  readonly version: string;
  readonly revision: number;
  /** The pinned commit. */
  readonly commit: string;
  /** Pin and revision in the previous release; undefined when it did not have the source. */
  readonly before: { readonly commit: string; readonly revision: number } | undefined;
  /** Upstream's commits from that pin to this one, newest first; undefined when unavailable. */
  readonly commits: readonly { readonly id: string; readonly subject: string }[] | undefined;
  readonly series: SeriesChanges;
  /** Entries of the seed that upstream has merged since. */
  readonly merged: readonly (ListedEntry & { readonly since: string })[];
}

export interface NotesInput {
  /** The previous release; undefined for the first of a line. */
  readonly since: string | undefined;
  readonly sources: readonly SourceChanges[];
  readonly assets: readonly Pick<Asset, "name" | "sha256">[];
}

/** How many upstream commits are listed; the rest are counted. */
const listedCommits = 100;

/**
 * Writes the notes of a release as GitHub's Markdown: for each source its base and what upstream
 * and the series changed, then the checksums.
 */
export function makeNotes({ since, sources, assets }: NotesInput): string {
  const sections = sources.flatMap((source) => describeSource(source, since));
  if (assets.length > 0) {
    const rows = assets.map(({ name, sha256 }) => `${sha256}  ${name}`);
    sections.push("## Checksums (sha256)", codeBlock(rows.join("\n"), ""));
  }
  return `${sections.join("\n\n")}\n`;
}

/** What the series changed, a line for each patch, for a changelog. */
export function listSeriesChanges(sources: readonly SourceChanges[]): readonly string[] {
  const rows = sources.flatMap(({ name, series: { added, dropped, changed } }) => [
    ...added.map((patch) => `- ${name}: added \`${patch.name}\`: ${patch.subject}`),
    ...changed.map(({ patch }) => `- ${name}: changed \`${patch.name}\`: ${patch.subject}`),
    ...dropped.map((patch) => `- ${name}: dropped \`${patch.name}\`: ${patch.subject}`),
  ]);
  return rows.length === 0 ? [] : ["### Patch series", "", ...rows];
}

function describeSource(source: SourceChanges, since: string | undefined): string[] {
  const { name, upstream, branch, version, revision, commit, before, series, merged } = source;
  const base = `Base: ${link(upstream, `commit/${commit}`, `\`${commit.slice(0, 12)}\``)} of ${upstream} (${branch}), revision ${revision}`;
  const sections = [`## ${name} ${version}`, `${base}${before === undefined ? "." : `; ${was(source, before, since)}.`}`];
  sections.push(...describeCommits(source, since));
  const list = (title: string, rows: readonly string[]) => {
    if (rows.length > 0) sections.push(`### ${title}`, rows.join("\n"));
  };
  const row = (patch: { name: string; subject: string; seed: string }) =>
    `- \`${patch.name}\`: ${patch.subject}${patch.seed === "none" ? "" : ` (seed ${patch.seed})`}`;
  list("Patches added", series.added.map(row));
  list("Patches dropped", series.dropped.map(row));
  list(
    "Patches changed",
    series.changed.map(({ patch, diff }) => (diff === undefined ? row(patch) : `${row(patch)}\n\n${codeBlock(diff, "diff")}\n`)),
  );
  list(
    "Merged upstream",
    merged.map(({ entry, seed, title, since: first }) => `- entry ${entry} (${seed}), since ${first}: ${title}`),
  );
  if (before !== undefined)
    sections.push(`${series.unchanged} ${series.unchanged === 1 ? "patch is" : "patches are"} unchanged.`);
  return sections;
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
    .map(({ id, subject }) => `- ${link(upstream, `commit/${id}`, `\`${id.slice(0, 12)}\``)} ${subject}`);
  const more = commits.length > listedCommits ? [`and ${commits.length - listedCommits} more: see ${log}.`] : [];
  return [title, [commits.length === 1 ? "1 commit:" : `${commits.length} commits:`, "", ...rows].join("\n"), ...more];
}

/** Links to a page of a repository on GitHub; for other repositories, only the text. */
function link(upstream: string, path: string, text: string): string {
  const page = /^(https:\/\/github\.com\/.+?)(\.git)?$/.exec(upstream)?.[1];
  return page === undefined ? text : `[${text}](${page}/${path})`;
}
