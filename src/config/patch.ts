import { join } from "node:path";
import { refusalOf, type FileProblem } from "../errors.ts";
import { sha256 } from "../sys/files.ts";
import {
  mailHeader,
  patchedPaths,
  showBytes,
  trailers,
  type InspectedPatch,
  type MailHeader,
  type PatchedPaths,
} from "../sys/git-patch.ts";
import type { Host } from "../sys/exec.ts";
import { readBytes } from "../sys/read-file.ts";

/**
 * A patch of a series: a mail from `git format-patch` whose last paragraph holds DEP-3 fields
 * (https://dep-team.pages.debian.net/deps/dep3/).
 */
export interface Patch {
  /** The file's path in the source's folder: a slug with `.patch`. */
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
  readonly subject: string;
  /** The short id of the seed commit that it reimplements, or `none`. */
  readonly seed: string;
  /** The DEP-3 field `Origin`, such as `backport, <commit>`. */
  readonly origin: string;
}

/** A patch and its problems. */
export interface ReadPatch {
  readonly patch: Patch;
  readonly problems: readonly FileProblem[];
  /** What it touches, to check that no patch writes through a symbolic link of the series. */
  readonly touched: PatchedPaths;
}

/** The parts of a mail. Lines are counted from 0. */
interface Mail {
  readonly lines: readonly string[];
  readonly header: MailHeader;
  /** The blank line that ends the header; -1 if there is none. */
  readonly blank: number;
  /** The line `---` that ends the message; -1 if there is none. */
  readonly end: number;
  readonly message: string;
}

type Say = (line: number, what: string) => void;

const isDate = (value: string) => /\d{4} \d\d:\d\d:\d\d/.test(value) && !Number.isNaN(Date.parse(value));

/** The header fields that every patch must have, each with the value that git reads in it. */
const headerFields: readonly (readonly [field: string, name: string, isValid: (value: string) => boolean])[] = [
  ["From", "Email", (email) => email !== ""],
  ["Date", "Date", isDate],
  ["Subject", "Subject", (subject) => subject !== ""],
];

/** The DEP-3 fields that every patch must have, and what their values must match. */
const fieldForms: Readonly<Record<string, RegExp>> = {
  Origin: /^(upstream|backport|vendor|other)\b/,
  Forwarded: /^(no|not-needed|https?:\/\/\S+)$/,
  Seed: /^(none|[0-9a-f]{10})$/,
  "Last-Update": /^\d{4}-\d{2}-\d{2}$/,
};

/** The names of the DEP-3 fields that every patch must have. */
export const requiredFields: readonly string[] = Object.keys(fieldForms);

/** True for a value that a DEP-3 field may have. */
export function isValidField(field: string, value: string): boolean {
  return fieldForms[field]?.test(value) ?? true;
}

/** True for what git-mailsplit(1) takes for the first line of a mail. */
export function isMailStart(line: string): boolean {
  return /^From .{6,}\d.\d\d:\d\d.*\d{2,}\s*$/.test(line);
}

/** True for a path of a patch that is not one of the source tree. */
export function isOutsideTree(path: string): boolean {
  return path.startsWith("/") || path.split("/").some((part) => part === ".." || part.toLowerCase() === ".git");
}

const nothing: PatchedPaths = { paths: [], newLinks: [], goneLinks: [] };

/** How a patch is read. */
export interface ReadPatchOptions {
  /** What git is known to read in it. */
  readonly inspected?: InspectedPatch | undefined;
  /** `optional` if it may lack the DEP-3 fields. */
  readonly fields?: "optional" | undefined;
}

/**
 * Reads and checks one patch file of a source's folder. `shown` is its name in messages. All
 * problems are in the result, also that the file cannot be read.
 */
export async function readPatch(
  dir: string,
  name: string,
  shown: string,
  host: Host,
  options: ReadPatchOptions = {},
): Promise<ReadPatch> {
  const { inspected } = options;
  const path = join(dir, name);
  const problems: FileProblem[] = [];
  const say: Say = (line, message) => problems.push({ file: shown, line: line + 1, column: 1, message });
  let why: string | undefined;
  const bytes = await readBytes(path, "a patch").catch((error: unknown) => {
    why = refusalOf(error);
  });
  const text = bytes?.toString() ?? "";
  const patch = { name, path, sha256: sha256(bytes ?? ""), subject: "", seed: "none", origin: "" };
  if (bytes === undefined || text.trim() === "") {
    const unread = `This patch cannot be read${why === undefined ? "" : `: ${why}`}.`;
    say(0, bytes === undefined ? unread : "This patch is empty.");
    return { patch, problems, touched: nothing };
  }
  const mail = parseMail(text, inspected?.header ?? (await mailHeader(bytes, { host })));
  const isMail = checkMail(mail, say);
  const fields = isMail ? await checkFields(mail, say, host, options) : {};
  const touched = await checkDiff(path, mail, say, host, inspected);
  return { patch: { ...patch, subject: mail.header.get("Subject") ?? "", ...fields }, problems, touched };
}

function parseMail(text: string, header: MailHeader): Mail {
  const lines = text.split("\n");
  const blank = lines.findIndex((line) => line.trim() === "");
  const end = lines.findIndex((line, index) => index > blank && line.trimEnd() === "---");
  return { lines, header, blank, end, message: lines.slice(blank + 1, end < 0 ? undefined : end).join("\n") };
}

/** True when the file is a mail from git: its header is complete, and its message ends. */
function checkMail({ lines, header, blank, end }: Mail, say: Say): boolean {
  // Below the message, carriage returns are those of the files that the patch changes.
  const carriage = lines.findIndex((line, index) => line.endsWith("\r") && (end < 0 || index <= end));
  if (carriage >= 0)
    say(carriage, "A line of the header or message ends with a carriage return; these must have Unix line ends.");
  const missing = headerFields.filter(([, name]) => !header.has(name));
  if (missing.length > 0 || end < 0) {
    const what =
      missing.length > 0
        ? `The mail header lacks ${missing.map(([field]) => `\`${field}:\``).join(", ")}`
        : "No line `---` ends the message";
    say(0, `${what}; create patches with \`git format-patch -N\`.`);
    return false;
  }
  const findHeader = (form: RegExp) => lines.findIndex((line, index) => index < blank && form.test(line));
  for (const [field, name, isValid] of headerFields) {
    const line = findHeader(new RegExp(`^${field}:`, "i"));
    if (!isValid(header.get(name) ?? ""))
      say(Math.max(line, 0), `\`${lines[line]?.trim() ?? field}\` is not a valid mail header.`);
  }
  const encoded = findHeader(/^Content-Transfer-Encoding:(?!\s*[78]bit\s*$)/i);
  if (encoded >= 0) say(encoded, `\`${lines[encoded]}\`: a patch must be plain UTF-8 text.`);
  const second = lines.findIndex((line, index) => index > 0 && isMailStart(line));
  if (second >= 0) say(second, "A second mail starts here; a file must hold one patch.");
  return true;
}

/** Checks the DEP-3 fields and returns those that a patch keeps. */
async function checkFields(
  { lines, end, message }: Mail,
  say: Say,
  host: Host,
  { inspected, fields }: ReadPatchOptions,
): Promise<Pick<Patch, "seed" | "origin">> {
  const values = new Map(inspected?.trailers ?? (await trailers(`subject\n\n${message}\n`, { host })));
  for (const [field, form] of Object.entries(fieldForms)) {
    const value = values.get(field);
    const line = lines.findIndex((candidate) => candidate.startsWith(`${field}:`));
    if (value === undefined && fields === "optional") continue;
    if (value === undefined) say(end, `The last paragraph of the message lacks the field \`${field}:\` (DEP-3).`);
    else if (!form.test(value)) say(Math.max(line, 0), `Field \`${field}: ${value}\` does not match ${form.source}.`);
  }
  return { seed: values.get("Seed") ?? "none", origin: values.get("Origin") ?? "" };
}

async function checkDiff(
  path: string,
  { lines, end }: Mail,
  say: Say,
  host: Host,
  inspected?: InspectedPatch,
): Promise<PatchedPaths> {
  const touched = inspected?.touched ?? (await patchedPaths(path, { host }));
  if ("unreadable" in touched) {
    say((touched.line ?? 1) - 1, `git cannot read a diff here: ${touched.unreadable}.`);
    return nothing;
  }
  if (!lines.some((line) => line.startsWith("diff --git ")))
    say(Math.max(end, 0), "The diff is not in git's format; create patches with `git format-patch -N`.");
  // Of a rename or copy, git lists only the new name.
  const from = lines.slice(Math.max(end, 0)).flatMap((line) => /^(?:rename|copy) from (.+)$/.exec(line)?.[1] ?? []);
  for (const name of new Set([...touched.paths.map(showBytes), ...from].filter(isOutsideTree)))
    say(
      Math.max(
        lines.findIndex((line, index) => index > end && line.includes(name)),
        0,
      ),
      `Path \`${name}\` is outside the source tree.`,
    );
  return touched;
}
