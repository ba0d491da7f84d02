import { isMailStart, requiredFields } from "../../config/patch.ts";
import { projectError } from "../../errors.ts";
import { readMail } from "../../sys/git-mail.ts";
import { problemAt, type Draft } from "./draft.ts";
import { takeFields } from "./message-fields.ts";
import { decode, type Piece, type ReadOptions } from "./piece.ts";
import { bare, findDiff } from "./scan-diff.ts";

/** A mail of a file, and its line there, from 1. */
interface Mail {
  readonly text: string;
  readonly line: number;
}

/** True for text that git-am(1) takes for a mail: a header with `From:` and `Subject:`, or an mbox. */
export function isMail(text: string): boolean {
  const lines = text.trimStart().split("\n", 200).map(bare);
  if (isMailStart(lines[0] ?? "")) return true;
  const end = lines.indexOf("");
  const header = lines.slice(0, Math.max(end, 0));
  if (!header.every((line) => /^(?:[!-9;-~]+:|[ \t])/.test(line))) return false;
  return [/^From:/i, /^Subject:/i].every((form) => header.some((line) => form.test(line)));
}

/**
 * Reads the mails of a file. Cover letters are left out with a notice, and in a file with several
 * mails, answers and other mails that are not patches. Throws "project".
 */
export async function readMails(piece: Piece, text: string, options: ReadOptions): Promise<readonly Draft[]> {
  const mails = splitMails(text);
  const drafts: Draft[] = [];
  for (const [index, mail] of mails.entries()) {
    if (mails.length > 1) options.host.task.say(`${piece.file}: mail ${index + 1} of ${mails.length}`);
    const { draft, tags } = await readOne(mail, mails.length > 1, piece, options);
    const isOther = /\b0+\/\d+/.test(tags) || (mails.length > 1 && (/^\s*re:/i.test(tags) || !/PATCH/i.test(tags)));
    if (findDiff(draft.text.split("\n")) >= 0) drafts.push(draft);
    else if (isOther) options.host.task.notice(`${draft.at} is left out, because it has no diff: ${draft.subject ?? "a mail"}`);
    else throw projectError([problemAt(piece.file, mail.line, "This mail has no diff.")]);
  }
  const [, second] = drafts;
  if (second === undefined || piece.mayHaveMany) return drafts;
  const message = `A second mail starts here; a file of a folder or a series must hold one patch. Split it with \`git mailsplit -b -o FOLDER ${piece.file}\`, or import this file by itself.`;
  throw projectError([problemAt(piece.file, second.lineOf(-1), message)]);
}

function splitMails(text: string): readonly Mail[] {
  const lines = text.split("\n");
  const first = Math.max(
    lines.findIndex((line) => line.trim() !== ""),
    0,
  );
  const starts = [first, ...lines.flatMap((line, index) => (index > first && isMailStart(line) ? [index] : []))];
  const textOf = (index: number) =>
    `${lines
      .slice(starts[index], starts[index + 1])
      .join("\n")
      .replace(/\n$/, "")}\n`;
  return starts.map((start, index) => ({ text: textOf(index), line: start + 1 }));
}

async function readOne(
  { text, line }: Mail,
  isOfMany: boolean,
  { file, name, strip, origin, commit: named, comment }: Piece,
  { host, scratch }: ReadOptions,
): Promise<{ readonly draft: Draft; readonly tags: string }> {
  const read = await readMail(Buffer.from(text, "latin1"), scratch, { host });
  if ("unreadable" in read) throw projectError([problemAt(file, line, `git cannot read this mail: ${read.unreadable}.`)]);
  const subject = cleanSubject(read.subject);
  const { body, fields } = await takeFields(read.message, host);
  const [, commit = named] = /^From (?!0{40})([0-9a-f]{40}) /.exec(text) ?? [];
  const patch = read.patch.toString("latin1");
  // The lines of what was encoded in the mail are not those of the file.
  const above = text.endsWith(patch) ? line + text.slice(0, text.length - patch.length).split("\n").length - 1 : undefined;
  const draft = {
    at: isOfMany ? `${file}:${line}` : file,
    name: isOfMany ? undefined : name,
    ...(subject === "" ? comment : { subject, body }),
    author: read.author,
    date: read.date,
    commit,
    fields: { ...headerFields(text), ...fields },
    origin,
    text: patch,
    file,
    lineOf: (index: number) => (above === undefined || index < 0 ? line : above + index),
    strip,
  };
  return { draft, tags: read.subject.slice(0, read.subject.length - subject.length) };
}

/** The DEP-3 fields that some programs write into the header of the mail. */
function headerFields(text: string): Record<string, string> {
  const [header = ""] = text.split(/\r?\n\r?\n/, 1);
  return Object.fromEntries(
    requiredFields.flatMap((name) => {
      const value = new RegExp(`^${name}:(.*)$`, "im").exec(header)?.[1]?.trim();
      return value === undefined ? [] : [[name, decode(value)]];
    }),
  );
}

/**
 * A subject without what mail programs and lists put before it: `Re:`, `[ovs-dev]`,
 * `[PATCH v2 3/5]`. Other tags, such as `[windows]`, stay.
 */
function cleanSubject(subject: string): string {
  const tags = /^(?:\s|re:|\[[^\]]*\])*\[[^\]]*\b(?:PATCH|RFC)\b[^\]]*\]\s*/i;
  return subject
    .replace(tags, "")
    .replace(/^(?:re:\s*)+/i, "")
    .replaceAll(/\s+/g, " ")
    .trim();
}
