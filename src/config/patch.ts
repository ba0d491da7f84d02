import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { sha256 } from "../sys/files.ts";
import { patchedPaths, trailers, type PatchedPaths, type InspectedPatch } from "../sys/git-patch.ts";
import type { Host } from "../sys/exec.ts";

/**
 * A patch of a series: a mail from `git format-patch` whose last paragraph holds DEP-3 fields
 * (https://dep-team.pages.debian.net/deps/dep3/).
 */
export interface Patch {
  /** The file's name: a slug with `.patch`. */
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
  readonly subject: string;
  /** The short id of the seed commit that it reimplements, or `none`. */
  readonly seed: string;
  /** The DEP-3 field `Origin`, such as `backport, <commit>`. */
  readonly origin: string;
}

/** A patch and its problems, each as `file:line:column: what is wrong`. */
export interface ReadPatch {
  readonly patch: Patch;
  readonly problems: readonly string[];
  /** What it touches, to check that no patch writes through a symbolic link of the series. */
  readonly touched: PatchedPaths;
}

/** The parts of a mail, with their lines, counted from 0. */
interface Mail {
  readonly lines: readonly string[];
  readonly header: ReadonlyMap<string, { readonly value: string; readonly line: number }>;
  /** The line `---` that ends the message; -1 if there is none. */
  readonly end: number;
  readonly message: string;
}

type Say = (line: number, what: string) => void;

/** The header fields that every patch must have, and what their values must match. */
const headerForms: Readonly<Record<string, RegExp>> = { From: /^.* <[^<>]+>$/s, Date: /^.*\d{4} \d\d:\d\d:\d\d/, Subject: /\S/ };

/** The DEP-3 fields that every patch must have, and what their values must match. */
const fieldForms: Readonly<Record<string, RegExp>> = {
  Origin: /^(upstream|backport|vendor|other)\b/,
  Forwarded: /^(no|not-needed|https?:\/\/\S+)$/,
  Seed: /^(none|[0-9a-f]{10})$/,
  "Last-Update": /^\d{4}-\d{2}-\d{2}$/,
};

const nothing: PatchedPaths = { paths: [], newLinks: [], goneLinks: [] };

/**
 * Reads and checks one patch file. `shown` is its name in messages, `inspected` what git is known to
 * read in it. All problems are in the result, also that the file cannot be read.
 */
export async function readPatch(path: string, shown: string, host: Host, inspected?: InspectedPatch): Promise<ReadPatch> {
  const problems: string[] = [];
  const say: Say = (line, what) => problems.push(`${shown}:${line + 1}:1: ${what}`);
  const bytes = await readFile(path).catch(() => undefined);
  const mail = parseMail(bytes?.toString() ?? "");
  const file = { name: basename(path), path, sha256: sha256(bytes ?? "") };
  const patch = { ...file, subject: subjectOf(mail), seed: "none", origin: "" };
  if (bytes === undefined || mail.lines.every((line) => line.trim() === "")) {
    say(0, bytes === undefined ? "This patch cannot be read." : "This patch is empty.");
    return { patch, problems, touched: nothing };
  }
  const isMail = checkMail(mail, say);
  const fields = isMail ? await checkFields(mail, say, host, inspected) : {};
  const touched = await checkDiff(path, mail, say, host, inspected);
  return { patch: { ...patch, ...fields }, problems, touched };
}

function parseMail(text: string): Mail {
  const lines = text.split("\n");
  const header = new Map<string, { value: string; line: number }>();
  const blank = lines.findIndex((line) => line.trim() === "");
  let last: { value: string; line: number } | undefined;
  for (const [index, line] of lines.slice(0, Math.max(blank, 0)).entries()) {
    const [, name, value = ""] = /^([A-Za-z-]+):(?: (.*))?$/.exec(line.trimEnd()) ?? [];
    if (/^\s/.test(line) && last !== undefined) last.value += ` ${line.trim()}`;
    else if (name !== undefined) header.set(name, (last = { value, line: index }));
  }
  const end = lines.findIndex((line, index) => index > blank && line.trimEnd() === "---");
  return { lines, header, end, message: lines.slice(blank + 1, end < 0 ? undefined : end).join("\n") };
}

function subjectOf({ header }: Mail): string {
  return (header.get("Subject")?.value ?? "").replace(/^\[PATCH[^\]]*\] /, "");
}

/** True when the file is a mail from git: its header is complete, and its message ends. */
function checkMail({ lines, header, end }: Mail, say: Say): boolean {
  const carriage = lines.findIndex((line) => line.endsWith("\r"));
  if (carriage >= 0) say(carriage, "A line ends with a carriage return; a patch must have Unix line ends (`dos2unix`).");
  const missing = Object.keys(headerForms).filter((name) => !header.has(name));
  if (missing.length > 0 || end < 0) {
    const what =
      missing.length > 0
        ? `The mail header lacks ${missing.map((name) => `\`${name}:\``).join(", ")}`
        : "No line `---` ends the message";
    say(0, `${what}; create patches with \`git format-patch -N\`.`);
    return false;
  }
  for (const [name, form] of Object.entries(headerForms)) {
    const { value = "", line = 0 } = header.get(name) ?? {};
    if (!form.test(value) || (name === "Date" && Number.isNaN(Date.parse(value))))
      say(line, `\`${name}: ${value}\` is not a valid mail header.`);
  }
  const encoding = header.get("Content-Transfer-Encoding");
  if (encoding !== undefined && !/^[78]bit$/i.test(encoding.value))
    say(encoding.line, `The mail is encoded (${encoding.value}); a patch must be plain UTF-8 text.`);
  const second = lines.findIndex((line, index) => index > 0 && /^From [0-9a-f]{40} .*\d{4}$/.test(line));
  if (second >= 0) say(second, "A second mail starts here; a file must hold one patch.");
  return true;
}

/** Checks the DEP-3 fields and returns those that a patch keeps. */
async function checkFields(
  { lines, end, message }: Mail,
  say: Say,
  host: Host,
  inspected?: InspectedPatch,
): Promise<Pick<Patch, "seed" | "origin">> {
  const values = new Map(inspected?.trailers ?? (await trailers(`subject\n\n${message}\n`, { host })));
  for (const [field, form] of Object.entries(fieldForms)) {
    const value = values.get(field);
    const line = lines.findIndex((candidate) => candidate.startsWith(`${field}:`));
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
  const isOutside = (name: string) =>
    name.startsWith("/") || name.split("/").some((part) => part === ".." || part.toLowerCase() === ".git");
  for (const name of new Set([...touched.paths, ...from].filter(isOutside)))
    say(
      Math.max(
        lines.findIndex((line, index) => index > end && line.includes(name)),
        0,
      ),
      `Path \`${name}\` is outside the source tree.`,
    );
  return touched;
}
