import { isMailStart } from "../../config/patch.ts";
import type { Found } from "./draft.ts";

/** What a commit of a patch says about itself. */
export interface Header {
  readonly subject: string;
  /** Paragraphs below the subject; may be empty. */
  readonly body: string;
  readonly author: string;
  /** Seconds since 1970, and a zone such as `+0800`. */
  readonly date: string;
  /** What a person should know about it, in sentences. */
  readonly notes: readonly string[];
}

/** The author of a patch that names none. */
const nobody = "unknown <unknown@localhost>";

/**
 * The header of a patch, in the form in which git-am(1) gives it back. A patch without an author is
 * by `unknown`; one without a date gets `date`, that of the pinned commit, so that an import makes
 * the same commits everywhere. Its message says so.
 */
export function headerOf(found: Found, date: string): Header {
  const author = found.author === undefined ? undefined : identity(found.author.name, found.author.email);
  const own = found.date === undefined ? undefined : gitDate(found.date);
  const absent = [...(author === undefined ? ["author"] : []), ...(own === undefined ? ["date"] : [])];
  const { text, moved } = indentRisky(found.body ?? "");
  const from = found.name ?? found.origin;
  const origin =
    absent.length === 0
      ? []
      : [`Imported from ${from === undefined ? "a diff" : oneLine(from)}, which names no ${absent.join(" and no ")}.`];
  const notes = [
    ...(absent.length === 0
      ? []
      : [`it names no ${absent.join(" and no ")}${own === undefined ? "; the date is that of the pinned commit" : ""}`]),
    ...(moved.length === 0 ? [] : [`lines of its message are indented, which git would take for a diff: \`${moved[0]}\``]),
  ];
  return {
    subject: subjectOf(found),
    body: [text.trim(), ...origin].filter((part) => part !== "").join("\n\n"),
    author: author ?? nobody,
    date: own ?? date,
    notes,
  };
}

/** The name of a patch's file without a number for its order; undefined if that says nothing. */
export function nameOf({ name = "" }: Found): string | undefined {
  const plain = name.replace(/^(?:v\d+-)?\d{1,4}[-_.]+/, "");
  return /[a-z]/i.test(plain) && !/^[0-9a-f]{7,40}$/i.test(plain) ? plain : undefined;
}

/** Lines of a body with a space before each, for a message that git cannot give back otherwise. */
export function indentAll(body: string): string {
  return body.replaceAll(/^(?=\S)/gm, " ");
}

function subjectOf(found: Found): string {
  const given = cleanSubject(found.subject ?? "");
  if (given !== "") return given;
  const words = cleanSubject((nameOf(found) ?? "").replaceAll(/[-_]+/g, " "));
  if (words !== "") return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
  const [, path = "files"] = /^\+\+\+ b\/(\S+)/m.exec(found.diff.toString("latin1")) ?? [];
  return `Change ${path}`;
}

/** A subject as git-mailinfo(1) gives it back: one line, without what it takes for a prefix. */
function cleanSubject(subject: string): string {
  let plain = oneLine(subject);
  for (let before = ""; before !== plain;) {
    before = plain;
    plain = plain.replace(/^(?:re:|:|\[[^\]]*PATCH[^\]]*\])\s*/i, "");
  }
  return plain;
}

function oneLine(text: string): string {
  return text.replaceAll(/[\s\0]+/g, " ").trim();
}

/** The lines of a message at which git-mailinfo(1) and git-mailsplit(1) end it. */
const isRisky = (line: string) => /^(?:---(?:\s|$)|diff -|Index: )/.test(line) || isMailStart(line);

function indentRisky(body: string): { readonly text: string; readonly moved: readonly string[] } {
  const lines = body.replaceAll(/\r\n?/g, "\n").replaceAll("\0", "").split("\n");
  const moved = lines.filter(isRisky);
  return { text: lines.map((line) => (isRisky(line) ? ` ${line}` : line)).join("\n"), moved };
}

/** An author as git writes it, without what it drops; undefined if no address is left. */
function identity(name: string, email: string): string | undefined {
  const crud = /^[\s.,:;<>"\\']+|[\s.,:;<>"\\']+$/g;
  const clean = (text: string) => oneLine(text).replaceAll(/[<>]/g, "").replaceAll(crud, "");
  const [who, address] = [clean(name), clean(email).replaceAll(" ", "")];
  return address === "" ? undefined : `${who === "" ? address : who} <${address}>`;
}

/**
 * A date as git writes it; undefined for one that is not valid, or that git does not read in a
 * mail.
 */
function gitDate(date: string): string | undefined {
  const seconds = Math.floor(Date.parse(date) / 1000);
  if (Number.isNaN(seconds) || seconds < 100_000_000) return undefined;
  const [, sign = "+", hours = "00", minutes = "00"] = /([+-])(\d\d):?(\d\d)$/.exec(date) ?? [];
  return `${seconds} ${sign}${hours}${minutes}`;
}
