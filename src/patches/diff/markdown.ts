import { codeBlock, escapeMarkdown, linkToRepository } from "../../sys/markdown.ts";
import { count } from "../../sys/text.ts";
import { changedFields, type LineDiff, type SourceDiff } from "./compare-states.ts";
import type { Commit } from "./compare-sources.ts";
import { nameOf, rowsOf, sumOf } from "./rows.ts";
import { kindOfDiffs, mostCommits, revisionNote, sayRevision } from "./show.ts";
import type { SourceState } from "./state.ts";

/** Bytes of Markdown at most: GitHub shows no summary of more than 1 MiB. */
const longest = 900_000;

/**
 * The differences of lines as GitHub's Markdown, for a pull request: a table for each source, and
 * the diffs to open. Diffs that make it too long are left out, and named.
 */
export function diffMarkdown(diffs: readonly LineDiff[], limit = longest): string {
  let text = "";
  for (const diff of diffs) text += `${text === "" ? "" : "\n"}${lineMarkdown(diff, limit - Buffer.byteLength(text))}`;
  return text;
}

function lineMarkdown({ line, before, after, sources, same }: LineDiff, limit: number): string {
  const head = `## Patch series of line ${escapeMarkdown(line)}\n\n${inCode(nameOf(before))} to ${inCode(nameOf(after))}`;
  const rest = same.length === 0 ? "" : `${same.map(inCode).join(", ")}: nothing changed.`;
  const described = sources.map((source) => ({ source, text: describeSource(source), diffs: diffsOf(source) }));
  const names = described.flatMap(({ diffs }) => diffs.map(({ name }) => name));
  const fixed = [head, rest, ...described.map(({ text }) => text), ...names].map((text) => Buffer.byteLength(text) + 100);
  let left = limit - fixed.reduce((sum, size) => sum + size, 0);
  const sections = described.map(({ source, text, diffs }) => {
    const shown = diffs.filter(({ block }) => {
      const size = Buffer.byteLength(block) + 2;
      if (size > left) return false;
      left -= size;
      return true;
    });
    const omitted = diffs.filter((one) => !shown.includes(one)).map(({ name }) => inCode(name));
    const note = omitted.length === 0 ? "" : `Too long to be shown here: the diffs of ${omitted.join(", ")}.`;
    return [text, sayNoTrees(source, diffs.length), ...shown.map(({ block }) => block), note];
  });
  return `${[head, ...sections.flat(), rest].filter(Boolean).join("\n\n")}\n`;
}

/** The diff of each changed patch, to open. */
function diffsOf({ series }: SourceDiff): readonly { readonly name: string; readonly block: string }[] {
  return series.changed.flatMap(({ patch: { name }, diff }) => {
    const block = `<details><summary><code>${name}</code></summary>\n\n${codeBlock(diff ?? "", "diff")}\n\n</details>`;
    return diff === undefined ? [] : [{ name, block }];
  });
}

function sayNoTrees({ noTrees, series }: SourceDiff, diffs: number): string {
  if (noTrees === undefined || series.changed.length === 0) return "";
  return escapeMarkdown(`${kindOfDiffs(diffs)} ${noTrees}`);
}

function describeSource(source: SourceDiff): string {
  const { name, needsRevision } = source;
  const rows = rowsOf(source).map(
    ({ thing, change, name: of, about }) => `| ${thing} | ${change} | ${inCode(of)} | ${escapeMarkdown(about)} |`,
  );
  const table = rows.length === 0 ? [] : [["| | | | |", "|---|---|---|---|", ...rows].join("\n")];
  const note = needsRevision ? [`**${revisionNote}**`] : [];
  return [`### ${inCode(name)}: ${sayRevision(source)}`, ...describePin(source), ...table, `${sumOf(source)}.`, ...note].join(
    "\n\n",
  );
}

function describePin({ before, after, commits, lost }: SourceDiff): readonly string[] {
  const [now, old] = [after, before];
  if (now === undefined || old === undefined)
    return [now, old].flatMap((one) => (one === undefined ? [] : [`Pin: ${linkPin(one)}`]));
  if (!changedFields(old, now).some((field) => field !== "revision")) return [];
  const moved = `Pin: ${linkPin(old)} to ${linkPin(now)}`;
  if (old.commit === now.commit) return [`${moved}.`];
  const log = linkToRepository(now.upstream, `compare/${old.commit}...${now.commit}`, "upstream's commits");
  if (commits === undefined || lost === undefined) return [`${moved}: ${log} are unavailable here.`];
  const list = (all: readonly Commit[], what: string) => (all.length === 0 ? [] : [listCommits(all, what, now)]);
  return [`${moved}.`, ...list(commits, "of upstream"), ...list(lost, "of the old pin that the new one lacks")];
}

function linkPin({ upstream, commit, branch, version }: SourceState): string {
  const id = linkToRepository(upstream, `commit/${commit}`, inCode(commit.slice(0, 12)));
  return `${id} (${[branch, version].flatMap((one) => (one === undefined ? [] : [escapeMarkdown(one)])).join(", ")})`;
}

function listCommits(commits: readonly Commit[], what: string, { upstream }: SourceState): string {
  const rows = commits
    .slice(0, mostCommits)
    .map(
      ({ id, subject }) => `- ${linkToRepository(upstream, `commit/${id}`, inCode(id.slice(0, 12)))} ${escapeMarkdown(subject)}`,
    );
  const more = commits.length > mostCommits ? [`- and ${commits.length - mostCommits} more`] : [];
  const title = `<details><summary>${count(commits.length, "commit")} ${what}</summary>`;
  return [title, "", ...rows, ...more, "", "</details>"].join("\n");
}

/** A name as code: without the characters that would end it. */
function inCode(text: string): string {
  return `\`${text.replaceAll(/[`|\s]+/g, " ")}\``;
}
