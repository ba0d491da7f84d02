import { listOf } from "../../list.ts";
import { escapeMarkdown } from "../../sys/markdown.ts";
import { printable } from "../../sys/printable.ts";
import { count } from "../../sys/text.ts";
import { isAside } from "../rebase/rows.ts";
import { showSum } from "../rebase/show.ts";
import type { Fix, Fixed } from "./fixes.ts";
import type { OutdatedLine } from "./outdated.ts";
import type { Pair } from "./pair.ts";
import type { OutdatedSource } from "./source.ts";

/** How a report is written. */
interface Style {
  /** A name, an id, or code. */
  readonly code: (text: string) => string;
  /** A text that others wrote. */
  readonly quote: (text: string) => string;
  /** The most commits of a list. */
  readonly most: number;
}

/** A row, and those below it. */
interface Row {
  readonly text: string;
  readonly below?: readonly Row[];
}

/** What is outdated in a line, for people. */
export function showOutdated(line: OutdatedLine): string {
  const style: Style = { code: printable, quote: printable, most: 20 };
  const show = (rows: readonly Row[], indent: string): readonly string[] =>
    rows.flatMap(({ text, below = [] }) => [`${indent}${text}`, ...show(below, `${indent}  `)]);
  return `line ${line.line}\n\n${describeLine(line, style)
    .map((row) => `${show([row], "").join("\n")}\n`)
    .join("\n")}`;
}

/** The same as Markdown. */
export function outdatedMarkdown(line: OutdatedLine): string {
  const style: Style = { code: (text) => `\`${printable(text).replaceAll("`", "'")}\``, quote: escapeMarkdown, most: 40 };
  const show = (rows: readonly Row[], indent: string): readonly string[] =>
    rows.flatMap(({ text, below = [] }) => [`${indent}- ${text}`, ...show(below, `${indent}  `)]);
  const parts = describeLine(line, style).map(({ text, below = [] }) => `### ${text}\n\n${show(below, "").join("\n")}\n`);
  return [`## Line ${line.line}\n`, ...parts].join("\n");
}

function describeLine({ sources, pairs }: OutdatedLine, style: Style): readonly Row[] {
  const rows = sources.map((source) => describeSource(source, style));
  return pairs.length === 0 ? rows : [...rows, { text: "pair", below: pairs.map((pair) => describePair(pair, style)) }];
}

function describeSource(found: OutdatedSource, style: Style): Row {
  const { source, version, branch, pin, tip, commits, behind, release, newer, fixes, picture, taken } = found;
  const { code } = style;
  const moved =
    commits.length === 0
      ? `${code(branch)} has no newer commit`
      : `${code(branch)} has ${newerCommits(commits.length)}, up to ${id(tip.id, style)} of ${tip.date}`;
  const lost = behind === 0 ? "" : `; the pin has ${count(behind, "commit")} that it lacks`;
  const [own, others] = [true, false].map((isOwn) => fixes.filter((fix) => (fix.branch === branch) === isOwn));
  const kept = release?.isPinned === true ? "the pin has it" : "the pin lacks it";
  const below: readonly (Row | undefined)[] = [
    { text: `${moved}${lost}` },
    release && { text: `newest release on it: ${release.version}; ${kept}` },
    picture && { text: `series on it: ${showSum(picture)}` },
    ...(picture === undefined ? [] : describeMoved(picture, branch, style)),
    newer.length === 0
      ? undefined
      : { text: `newer branches: ${newer.map((one) => `${code(one.branch)} (${one.date})`).join(", ")}` },
    ...taken.map(({ patch, branch: where, commit }) => ({
      text: `patch ${code(patch)}: ${code(where)} has it: ${id(commit.id, style)} ${style.quote(commit.subject)}`,
    })),
    describeFixes(`fixes on ${code(branch)} of what the pin has`, own ?? [], style),
    describeFixes("fixes of what the pin has, on newer branches only", others ?? [], style),
  ];
  const place = `${id(pin.id, style)} of ${pin.date}`;
  return { text: `${source} ${version}, pinned at ${place}`, below: below.filter((row) => row !== undefined) };
}

function newerCommits(number: number): string {
  return number === 1 ? "1 newer commit" : `${number} newer commits`;
}

/** Picks and patches that the branch has. */
function describeMoved({ picks, patches }: NonNullable<OutdatedSource["picture"]>, branch: string, style: Style): readonly Row[] {
  const commit = (by: { readonly id: string; readonly subject: string } | undefined) =>
    by === undefined ? "" : `: ${id(by.id, style)} ${style.quote(by.subject)}`;
  const has = `${style.code(branch)} has it`;
  return [
    ...picks
      .filter(({ status }) => status === "upstream")
      .map((pick) => ({ text: `pick ${id(pick.commit, style)} (${style.quote(pick.why)}): ${has}${commit(pick.by)}` })),
    ...picks
      .filter(isAside)
      .map((pick) => ({ text: `pick ${id(pick.commit, style)} (${style.quote(pick.why)}): does not apply there` })),
    ...patches
      .filter(({ status }) => status === "upstream")
      .map((patch) => ({ text: `patch ${style.code(patch.name)}: ${has}${commit(patch.commit)}` })),
  ];
}

/** The fixes that change code, and how many others there are. */
function describeFixes(title: string, fixes: OutdatedSource["fixes"], style: Style): Row | undefined {
  if (fixes.length === 0) return undefined;
  const code = fixes.filter(({ isCode }) => isCode);
  const rows = code.slice(0, style.most).map((fix) => ({ text: describeFix(fix, style) }));
  const [left, beside] = [code.length - rows.length, fixes.length - code.length];
  return {
    text: `${title}: ${code.length}`,
    below: [
      ...rows,
      ...(left === 0 ? [] : [{ text: `and ${left} more` }]),
      ...(beside === 0 ? [] : [{ text: `and ${beside} of tests, documentation and CI` }]),
    ],
  };
}

function describeFix({ id: commit, date, branch, subject, cves, fixes }: Fix, style: Style): string {
  const cve = cves.length === 0 ? "" : `${cves.join(", ")}: `;
  const names = fixes.map((fixed) => `${id(fixed.commit, style)}${describeHas(fixed, style)}`);
  const of = names.length === 0 ? "" : ` (fixes ${listOf(names)})`;
  return `${id(commit, style)} ${date} ${style.code(branch)} ${cve}${style.quote(subject)}${of}`;
}

/** How the line has a commit, if not in the pin's own history. */
function describeHas({ has, by }: Fixed, style: Style): string {
  if (has === "pin") return "";
  if (has === "copy") return `, in the pin as ${id(by ?? "", style)}`;
  return has === "pick" ? ", a pick" : `, patch ${style.code(by ?? "")}`;
}

function describePair({ of, source, other, named, commit, compared }: Pair, style: Style): Row {
  const where = of === "pins" ? "at its pin" : "at the newest commit of its branch";
  const names = `${source} ${where} was tested with ${other} ${id(named, style)}`;
  if (compared === undefined) return { text: `${names}, which upstream of ${other} does not have` };
  const { ahead, behind, prototypes } = compared;
  const place = `${of === "pins" ? "the pin" : "the branch"} ${id(commit, style)} of ${other}`;
  const distance = ahead + behind === 0 ? "is that commit" : `is ${count(ahead, "commit")} ahead and ${behind} behind`;
  const says =
    prototypes.length === 0
      ? `no prototype of a function that ${source} uses differs`
      : `${count(prototypes.length, "function")} that ${source} uses ${prototypes.length === 1 ? "has" : "have"} another prototype there, so ${source} may not compile`;
  const below = prototypes.map((change) => ({
    text: style.code(change.name),
    below: [
      { text: `was: ${style.code(change.before)}` },
      { text: change.after === undefined ? "now: no header has it" : `now: ${style.code(change.after)}` },
    ],
  }));
  return { text: `${names}; ${place} ${distance}; ${says}`, below };
}

function id(commit: string, { code }: Style): string {
  return code(commit.slice(0, 12));
}
