import { join } from "node:path";
import { parseFields } from "./git-patch.ts";
import { gitSays, tryGit, type GitOptions } from "./git.ts";
import { readBytes } from "./read-file.ts";

/** A mail as git reads it: decoded (RFC 2047 and MIME), in UTF-8. */
export interface ReadMail {
  readonly author: { readonly name: string; readonly email: string } | undefined;
  /** With all tags, such as `[PATCH v2 3/5]`. */
  readonly subject: string;
  /** ISO 8601, with a zone; undefined if git cannot read it. */
  readonly date: string | undefined;
  readonly message: string;
  /** What is below the message: notes, diffstat, diff and signature. */
  readonly patch: Buffer;
}

/**
 * Reads a mail (git-mailinfo(1)), or says why git cannot read it. Carriage returns stay. `dir` is a
 * folder for files that are overwritten.
 */
export async function readMail(
  mail: Uint8Array,
  dir: string,
  { host }: GitOptions,
): Promise<ReadMail | { readonly unreadable: string }> {
  const [body, patch] = [join(dir, "message"), join(dir, "patch")];
  const args = ["mailinfo", "-k", "--encoding=UTF-8", "--quoted-cr=nowarn", body, patch];
  const result = await tryGit(args, { host, input: mail });
  if (result.exitCode !== 0) return { unreadable: gitSays(result) };
  const header = new Map(parseFields(result.stdout));
  const email = header.get("Email") ?? "";
  return {
    author: email === "" ? undefined : { name: header.get("Author") ?? email, email },
    subject: header.get("Subject") ?? "",
    date: await isoDate(header.get("Date") ?? "", { host }),
    message: (await readBytes(body, "a patch")).toString().replaceAll("\r\n", "\n").trim(),
    patch: await readBytes(patch, "a patch"),
  };
}

/** A date in any form that git reads, in ISO 8601 with its zone; undefined if git cannot read it. */
export async function isoDate(text: string, { host }: GitOptions): Promise<string | undefined> {
  if (text === "") return undefined;
  const env = { GIT_AUTHOR_NAME: "a", GIT_AUTHOR_EMAIL: "a", GIT_AUTHOR_DATE: text };
  const { stdout } = await tryGit(["var", "GIT_AUTHOR_IDENT"], { host, env });
  const [, seconds, sign, hours, minutes] = / (\d+) ([+-])(\d\d)(\d\d)$/.exec(stdout.trim()) ?? [];
  if (seconds === undefined) return undefined;
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -60 : 60);
  const local = new Date((Number(seconds) + offset) * 1000).toISOString().slice(0, 19);
  return `${local}${sign}${hours}:${minutes}`;
}
