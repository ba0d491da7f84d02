import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readPatch, type Patch } from "../config/patch.ts";
import { git, gitBytes, tryGit, type GitOptions } from "../sys/git.ts";
import { showBytes } from "../sys/git-patch.ts";
import { readBytes } from "../sys/read-file.ts";
import { fillFields } from "./fill-fields.ts";
import { contentOf, difference, lostLine, readBack, type Content } from "./read-back.ts";

/**
 * A commit as a patch: the bytes of its mail, or `unchanged` when its old file makes it. `why` says
 * why a mail does not have the diff that was found.
 */
export type Written =
  | { readonly kind: "unchanged" }
  | { readonly kind: "mail"; readonly mail: Buffer; readonly why?: string }
  | { readonly kind: "refused"; readonly why: string; readonly missing: readonly string[] };

export interface WriteOptions {
  /** The commits of the seed's entries. */
  readonly seed: readonly string[];
  /** `optional` if patches may lack the DEP-3 fields: none is added then. */
  readonly fields?: "optional" | undefined;
  /** A folder for mails that are read back. */
  readonly mails: string;
  /** To run git in the repository of `openScratch`. */
  readonly git: GitOptions;
  /**
   * For a commit that was made of a diff: its bytes stay if they make the commit. `commit` is the
   * id that it had.
   */
  readonly found?: { readonly diff: Buffer; readonly commit?: string | undefined };
}

/**
 * git-format-patch(1) without numbers, commit ids and git version; with full blob ids and 3 lines
 * of context.
 */
const format = ["format-patch", "--stdout", "-N", "--zero-commit", "--no-signature", "--full-index", "-U3", "--no-renames", "-1"];

/**
 * Writes a commit as a patch that `patches apply` makes the same commit of. Keeps the bytes of the
 * `old` file if they make it, whatever wrote them.
 */
export async function writePatch(id: string, name: string, old: Patch | undefined, options: WriteOptions): Promise<Written> {
  const parent = `${id}^`;
  const commit = await contentOf(id, options.git);
  const before = old === undefined ? "" : await readBack(old.path, parent, options.git);
  if (makes(before, commit)) return { kind: "unchanged" };
  const { filled, missing } = options.fields === "optional" ? { filled: id, missing: [] } : await fill(id, options);
  if (missing.length > 0) return { kind: "refused", why: `it lacks ${missing.join(", ")}`, missing };
  const wanted = await contentOf(filled, options.git);
  if (makes(before, wanted)) return { kind: "unchanged" };
  let why = "";
  // The author once more above the message: for one that begins like a mail's header.
  for (const more of [[], [`--from=${showBytes(wanted.author)}`, "--force-in-body-from"]]) {
    const formatted = await tryGit([...format, ...more, filled], { ...options.git, encoding: "latin1" });
    if (formatted.exitCode !== 0) continue;
    if (formatted.stdout === "") return { kind: "refused", why: "it changes no file; drop it", missing: [] };
    const { found } = options;
    const origin = found === undefined ? await originOf(old) : found.commit;
    const mail = withOrigin(Buffer.from(formatted.stdout, "latin1"), origin);
    const path = join(options.mails, name);
    let whyFound: string | undefined;
    if (found !== undefined) {
      const own = withDiff(mail, found.diff);
      await writeFile(path, own);
      whyFound = await whatIsWrong(path, name, parent, wanted, options);
      if (whyFound === undefined) return { kind: "mail", mail: own };
    }
    await writeFile(path, mail);
    const wrong = await whatIsWrong(path, name, parent, wanted, options);
    if (wrong === undefined) return { kind: "mail", mail, ...(whyFound === undefined ? {} : { why: whyFound }) };
    why = wrong;
  }
  return { kind: "refused", why, missing: [] };
}

function makes(made: Content | string, wanted: Content): boolean {
  return typeof made !== "string" && difference(wanted, made) === undefined;
}

/** The commit with its DEP-3 fields, which is the commit itself if it has them. */
async function fill(
  id: string,
  options: WriteOptions,
): Promise<{ readonly filled: string; readonly missing: readonly string[] }> {
  const raw = await gitBytes(["cat-file", "commit", id], options.git);
  const start = raw.indexOf("\n\n") + 2;
  const { message, missing } = await fillFields(id, raw.subarray(start), options.seed, options.git);
  if (message.equals(raw.subarray(start))) return { filled: id, missing };
  const input = Buffer.concat([raw.subarray(0, start), message]);
  return { filled: await git(["hash-object", "-t", "commit", "-w", "--stdin"], { ...options.git, input }), missing };
}

/** The id of the commit that an old file came from, in its first line. */
async function originOf(old: Patch | undefined): Promise<string | undefined> {
  const before = old === undefined ? undefined : await readBytes(old.path, "a patch");
  const first = before?.toString("latin1", 0, before.indexOf("\n")) ?? "";
  return /^From ([0-9a-f]{40}) Mon Sep 17 00:00:00 2001$/.exec(first)?.[1];
}

/** The mail with the id of the commit that it came from in its first line. */
function withOrigin(mail: Buffer, commit: string | undefined): Buffer {
  if (commit === undefined) return mail;
  return Buffer.concat([Buffer.from(`From ${commit} Mon Sep 17 00:00:00 2001`), mail.subarray(mail.indexOf("\n"))]);
}

/** The mail with another diff. */
function withDiff(mail: Buffer, diff: Buffer): Buffer {
  const head = mail.subarray(0, mail.indexOf("\ndiff --git ", mail.indexOf("\n---\n")) + 1);
  return Buffer.concat([head, diff, ...(diff.at(-1) === 10 ? [] : [Buffer.from("\n")])]);
}

/** What is wrong with a mail: it makes another commit, or no command would read it. */
async function whatIsWrong(
  path: string,
  name: string,
  parent: string,
  wanted: Content,
  { mails, fields, git: options }: WriteOptions,
): Promise<string | undefined> {
  const made = await readBack(path, parent, options);
  if (typeof made !== "string") {
    const differs = difference(wanted, made);
    if (differs !== undefined) return differs;
  }
  const { problems } = await readPatch(mails, name, name, options.host, { fields });
  const said = problems.map(({ message }) => message).join(" ");
  if (typeof made !== "string") return said || undefined;
  return (await lostLine(path, wanted, options)) ?? `git cannot apply it again: ${said || made}`;
}
