import { projectError } from "../../errors.ts";
import type { Host } from "../../sys/exec.ts";
import { isoDate } from "../../sys/git-mail.ts";
import { requiredFields } from "../../config/patch.ts";
import { problemAt, type Draft } from "./draft.ts";
import { takeFields } from "./message-fields.ts";
import { decode, parseAuthor, type Piece } from "./piece.ts";
import { bare, findDiff } from "./scan-diff.ts";

type Header = Pick<Draft, "subject" | "body" | "author" | "date" | "commit" | "fields">;

/** Fields with which a header by DEP-3 (https://dep-team.pages.debian.net/deps/dep3/) begins. */
const dep3 =
  /^(?:Description|Subject|Author|From|Origin|Bug(?:-\w+)?|Forwarded|Reviewed-by|Acked-by|Last-Update|Applied-Upstream):/i;

/**
 * Reads a diff that is not in a mail. Above it may be a header by DEP-3, what `git show` prints, or
 * text as quilt(1) keeps it, whose first line is the subject. Throws "project".
 */
export async function readPlain(piece: Piece, text: string, host: Host): Promise<Draft> {
  const { file, name, strip, origin, comment } = piece;
  const lines = text.split("\n");
  const start = findDiff(lines);
  if (start < 0) throw projectError([problemAt(file, 1, withoutDiff(text))]);
  const commits = lines.flatMap((line, index) => (/^commit [0-9a-f]{40}\b/.test(line) ? [index] : []));
  if (commits[1] !== undefined) {
    const message = "A second commit starts here; a file must hold one patch. Write a file for each with `git format-patch`.";
    throw projectError([problemAt(file, commits[1] + 1, message)]);
  }
  const header = await readHeader(messageOf(lines.slice(0, start)), host);
  return {
    at: file,
    name,
    ...header,
    ...(header.subject === undefined ? comment : {}),
    commit: header.commit ?? piece.commit,
    origin,
    text: lines.slice(start).join("\n"),
    file,
    lineOf: (index) => start + index + 1,
    strip,
  };
}

function withoutDiff(text: string): string {
  if (/\b(?:git (?:apply|am)|patch -)/.test(text))
    return "This file has no diff. For a file that applies patches, give the patches and `--order` with this file.";
  return "This file has no diff.";
}

/** The lines of a header as text, without a diffstat and what follows a line `---`. */
function messageOf(raw: readonly string[]): readonly string[] {
  const lines = decode(raw.map(bare).join("\n")).split("\n");
  const end = lines.indexOf("---");
  const isStat = (line: string) => /^ \S.* \|\s+(?:\d+ [+-]*|Bin.*)$|^ \d+ files? changed/.test(line);
  const kept = lines.slice(0, end < 0 ? undefined : end).filter((line) => !isStat(line) && !/^={20,}$/.test(line));
  return kept.every((line) => /^(?:#|$)/.test(line)) ? kept.map((line) => line.replace(/^#+ ?/, "")) : kept;
}

async function readHeader(lines: readonly string[], host: Host): Promise<Header> {
  const first = lines.find((line) => line.trim() !== "");
  if (first === undefined) return { fields: {} };
  if (/^commit [0-9a-f]{40}\b/.test(first)) return readShown(lines, host);
  if (dep3.test(first)) return readDep3(lines, host);
  // Also as hg-export(1) writes it.
  const from = lines.find((line) => /^(?:From:|Author:|# User) .*@/.test(line));
  const text = lines.filter((line) => line !== from && !/^#(?: |$)/.test(line)).join("\n");
  const [subject = "", ...rest] = text.trim().split("\n");
  return {
    subject: subject.trim(),
    ...(await takeFields(rest.join("\n").trim(), host)),
    author: from === undefined ? undefined : parseAuthor(from.replace(/^(?:# )?\w+:? /, "")),
  };
}

/** Reads what git-show(1) prints above a diff. */
async function readShown(lines: readonly string[], host: Host): Promise<Header> {
  const value = (name: string) =>
    lines
      .find((line) => line.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim();
  const message = lines.flatMap((line) => (line === "" || line.startsWith("    ") ? [line.slice(4)] : []));
  const [subject = "", ...rest] = message
    .join("\n")
    .trim()
    .split(/\n{2,}/);
  return {
    subject: subject.replaceAll("\n", " "),
    ...(await takeFields(rest.join("\n\n"), host)),
    author: parseAuthor(value("Author") ?? ""),
    date: await isoDate(value("Date") ?? value("AuthorDate") ?? "", { host }),
    commit: /^commit ([0-9a-f]{40})/m.exec(lines.join("\n"))?.[1],
  };
}

/** Reads a header by DEP-3. Fields that are not ours stay, as trailers of the body. */
async function readDep3(lines: readonly string[], host: Host): Promise<Header> {
  const all: { name: string; value: string[] }[] = [];
  const text: string[] = [];
  for (const line of lines) {
    const [, name, value] = /^([A-Za-z][\w-]*): ?(.*)$/.exec(line) ?? [];
    if (name !== undefined) all.push({ name: name.toLowerCase(), value: [value ?? ""] });
    else if (/^\s+\S/.test(line) && text.length === 0) all.at(-1)?.value.push(line.trim() === "." ? "" : line.trim());
    else if (text.length > 0 || line !== "") text.push(line);
  }
  const find = (...names: readonly string[]) => all.find(({ name }) => names.includes(name))?.value;
  const [subject = "", ...more] = find("description", "subject") ?? [];
  const others = all.filter(({ name }) => !["description", "subject", "author", "from", "date"].includes(name));
  const isOurs = (name: string) => requiredFields.find((field) => field.toLowerCase() === name);
  const kept = others.filter(({ name }) => isOurs(name) === undefined);
  const trailer = kept.map(
    ({ name, value }) => `${name.replaceAll(/(^|-)(\w)/g, (part) => part.toUpperCase())}: ${value.join(" ")}`,
  );
  const paragraphs = [more.join("\n"), text.join("\n"), trailer.join("\n")].map((part) => part.trim());
  return {
    subject: subject.trim() === "" ? undefined : subject.trim(),
    body: paragraphs.filter((part) => part !== "").join("\n\n"),
    author: parseAuthor(find("author", "from")?.[0] ?? ""),
    date: await isoDate(find("date")?.[0] ?? "", { host }),
    fields: Object.fromEntries(
      others.flatMap(({ name, value }) => {
        const field = isOurs(name);
        return field === undefined ? [] : [[field, value.join(" ").trim()]];
      }),
    ),
  };
}
