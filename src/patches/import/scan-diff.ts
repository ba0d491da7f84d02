/** What a diff does to one file. Texts have a character for each byte, and no carriage return but those of `content`. */
export interface Section {
  /** Its first line, from 0. */
  readonly line: number;
  /** The names after `diff --git`; undefined in a diff that is not in git's format. */
  readonly command: string | undefined;
  /** git's lines between that and the names: modes, blobs, renames. */
  readonly extended: readonly string[];
  /** What is after `---` and `+++`. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Hunks, or git's form of a binary file. */
  readonly content: readonly string[];
}

export interface ScannedDiff {
  readonly sections: readonly Section[];
  readonly problems: readonly { readonly line: number; readonly message: string }[];
  /** True if each line ends with a carriage return. */
  readonly isConverted: boolean;
}

interface Scan {
  readonly lines: readonly string[];
  readonly sections: Section[];
  readonly problems: { line: number; message: string }[];
  /** How many lines, and how many of them with a carriage return: of the diff's form, and of its content. */
  readonly form: [all: number, returns: number];
  readonly content: [all: number, returns: number];
}

const hunkForm = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;
const extendedForm =
  /^(?:old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to|similarity index|dissimilarity index|index) /;
const binary = "This file is binary and its content is missing: make the patch with `git format-patch --binary`.";

/** What cannot be applied, and what to do. */
const refused: readonly (readonly [form: RegExp, message: string])[] = [
  [/^diff --(?:cc|combined) /, "This is the diff of a merge commit: take the commits that it merged."],
  [hunkForm, "A hunk without the names of its file: two lines, `--- a/FILE` and `+++ b/FILE`, must be above it."],
  [/^Binary files .+ differ$/, binary],
  [/^\*{15}/, "This is a context diff: make a unified one, with `diff -u` or git."],
  [
    /^Submodule \S+ [0-9a-f]{7,}\.\.\.?[0-9a-f]{7,}/,
    "This changes a submodule, not a file: make the patch with `git diff --submodule=short`.",
  ],
];

/**
 * Finds what a diff does to each file, in git's format or in that of diff(1). As git-apply(1), it
 * passes over other lines, but not over a change that is cut off.
 */
export function scanDiff(text: string): ScannedDiff {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const scan: Scan = { lines, sections: [], problems: [], form: [0, 0], content: [0, 0] };
  for (let at = 0; at < lines.length;) at = readAt(at, scan);
  const all = [scan.form, scan.content];
  return { ...scan, isConverted: all.every(([count, returns]) => count === returns) && scan.form[0] > 0 };
}

/** A line without the carriage return of the text that it is in. */
export function bare(line: string | undefined): string {
  return line?.endsWith("\r") === true ? line.slice(0, -1) : (line ?? "");
}

/** The line with which a diff begins; -1 if there is none. */
export function findDiff(lines: readonly string[]): number {
  return lines.findIndex((raw, at) => {
    const line = bare(raw);
    if (/^(?:diff -|Index: \S)/.test(line) || refused.some(([form]) => form.test(line))) return true;
    return isNamePair(lines, at);
  });
}

function isNamePair(lines: readonly string[], at: number): boolean {
  return /^--- \S/.test(lines[at] ?? "") && /^\+\+\+ \S/.test(lines[at + 1] ?? "");
}

/** Reads what starts at a line, and returns the line after it. */
function readAt(at: number, scan: Scan): number {
  const line = bare(scan.lines[at]);
  if (line.startsWith("diff --git ")) return readSection(at, line.slice("diff --git ".length), scan);
  if (isNamePair(scan.lines, at) && hunkForm.test(scan.lines[at + 2] ?? "")) return readSection(at, undefined, scan);
  const problem = refused.find(([form]) => form.test(line))?.[1];
  if (problem !== undefined) scan.problems.push({ line: at, message: problem });
  return at + 1;
}

function readSection(first: number, command: string | undefined, scan: Scan): number {
  let at = first;
  const take = () => {
    const line = scan.lines[at++] ?? "";
    countLine(scan.form, line);
    return bare(line);
  };
  if (command !== undefined) take();
  const extended: string[] = [];
  if (command !== undefined) while (extendedForm.test(scan.lines[at] ?? "")) extended.push(take());
  const isNamed = isNamePair(scan.lines, at);
  const before = isNamed ? take().slice(4) : undefined;
  const after = isNamed ? take().slice(4) : undefined;
  const content: string[] = [];
  const say = (line: number, message: string) => scan.problems.push({ line, message });
  if (isNamed) at = readHunks(at, content, scan);
  else if (bare(scan.lines[at]) === "GIT binary patch") at = readBinary(at, content, extended, say, scan.lines);
  else if (/^Binary files .+ differ$/.test(bare(scan.lines[at]))) say(at++, binary);
  else if (!extended.some((line) => !line.startsWith("index ")))
    say(first, "The diff of this file is cut off: it changes nothing.");
  scan.sections.push({ line: first, command, extended, before, after, content });
  return at;
}

function countLine(counted: [number, number], line: string): void {
  counted[0]++;
  if (line.endsWith("\r")) counted[1]++;
}

function readHunks(first: number, content: string[], scan: Scan): number {
  let at = first;
  for (let match = hunkForm.exec(scan.lines[at] ?? ""); match !== null; match = hunkForm.exec(scan.lines[at] ?? "")) {
    const head = at;
    let [old, fresh] = [Number(match[2] ?? 1), Number(match[4] ?? 1)];
    content.push(bare(scan.lines[at]));
    countLine(scan.form, scan.lines[at++] ?? "");
    while (old > 0 || fresh > 0) {
      const line = scan.lines[at];
      const kind = line === undefined ? "end" : bare(line) === "" ? " " : line.charAt(0);
      if (!" +-\\".includes(kind)) {
        scan.problems.push({ line: line === undefined ? head : at, message: cutOff(line) });
        return nextSection(at, scan.lines);
      }
      if (kind !== "+" && kind !== "\\") old--;
      if (kind !== "-" && kind !== "\\") fresh--;
      at = takeLine(at, content, scan);
    }
    if (scan.lines[at]?.startsWith("\\ ") === true) at = takeLine(at, content, scan);
    const next = bare(scan.lines[at]);
    if (old < 0 || fresh < 0 || /^\+|^-(?!-)/.test(next)) {
      scan.problems.push({
        line: head,
        message: "This hunk has more lines than its first line says: somebody edited it. Make the patch again.",
      });
      return nextSection(at, scan.lines);
    }
  }
  if (at === first) scan.problems.push({ line: first - 2, message: "The diff of this file is cut off: it changes nothing." });
  return at;
}

/** Where the next file's diff starts, or the end. */
function nextSection(at: number, lines: readonly string[]): number {
  let next = at;
  while (next < lines.length && lines[next]?.startsWith("diff --") !== true && !isNamePair(lines, next)) next++;
  return next;
}

function cutOff(line: string | undefined): string {
  const what =
    line === undefined ? "The file ends inside this hunk" : "This line is not one of a hunk, which is not complete yet";
  return `${what}: the patch was cut off, or a mail program wrapped its lines. Get it again, as \`git format-patch\` writes it.`;
}

function takeLine(at: number, content: string[], scan: Scan): number {
  const line = scan.lines[at] ?? "";
  const isNote = line.startsWith("\\");
  countLine(isNote ? scan.form : scan.content, line);
  // Some programs remove the blank of an empty line.
  content.push(isNote ? bare(line) : bare(line) === "" ? ` ${line}` : line);
  return at + 1;
}

/** Reads a binary file, the content after the change and, for the reverse, before it. */
function readBinary(
  first: number,
  content: string[],
  extended: readonly string[],
  say: (line: number, message: string) => void,
  lines: readonly string[],
): number {
  content.push(bare(lines[first]));
  let at = first + 1;
  while (/^(?:literal|delta) \d+$/.test(bare(lines[at]))) {
    while (bare(lines[at]) !== "" && at < lines.length) content.push(bare(lines[at++]));
    content.push("");
    at++;
  }
  const isFull = extended.some((line) => /^index [0-9a-f]{40}\.\.[0-9a-f]{40}/.test(line));
  if (content.length === 1) say(first, binary);
  else if (!isFull)
    say(first, "This binary file has short blob ids: make the patch with `git format-patch --binary --full-index`.");
  return at;
}
