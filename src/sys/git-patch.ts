import { git, gitSays, tryGit, type GitOptions } from "./git.ts";
import { readBytes } from "./read-file.ts";

/** What a patch touches. A path has a character for each byte, since not all are UTF-8. */
export interface PatchedPaths {
  readonly paths: readonly string[];
  /** Symbolic links that it makes, and those that it deletes. */
  readonly newLinks: readonly string[];
  readonly goneLinks: readonly string[];
}

/** Text with a character for each byte, as text for people. */
export function showBytes(path: string): string {
  return Buffer.from(path, "latin1").toString();
}

/**
 * Reads what a patch file touches (git-apply(1)), or why and at which line git cannot read it as a
 * diff. Does not apply it.
 */
export async function patchedPaths(
  path: string,
  options: GitOptions,
): Promise<PatchedPaths | { readonly unreadable: string; readonly line: number | undefined }> {
  // Outside of any repository, so that names are those in the patch.
  const result = await tryGit(["apply", "--numstat", "--summary", "-z", path], { ...options, cwd: "/", encoding: "latin1" });
  if (result.exitCode !== 0) {
    const line = /\bline (\d+)/.exec(result.stderr)?.[1];
    return { unreadable: showBytes(gitSays(result)), line: line === undefined ? undefined : Number(line) };
  }
  const rows = result.stdout.split("\0");
  const summary = rows.pop() ?? "";
  const links = (kind: string) =>
    [...summary.matchAll(/^ (create|delete) mode 120000 (.+)$/gm)].flatMap(([, found, name]) =>
      found === kind ? (name ?? []) : [],
    );
  return { paths: rows.map((row) => row.replace(/^\S+\t\S+\t/, "")), newLinks: links("create"), goneLinks: links("delete") };
}

type Field = readonly [name: string, value: string];

/** The trailers of a commit message (git-interpret-trailers(1)), in order. */
export async function trailers(message: string | Uint8Array, options: GitOptions): Promise<readonly Field[]> {
  return parseFields(await git(["interpret-trailers", "--parse", "--no-divider"], { ...options, input: message }));
}

/** A mail's `Author`, `Email`, `Subject` and `Date`, as `git am` takes them. */
export type MailHeader = ReadonlyMap<string, string>;

/** Reads the header of a mail (git-mailinfo(1)): decoded (RFC 2047), without prefixes such as `[PATCH v2]`. */
export async function mailHeader(mail: Uint8Array, options: GitOptions): Promise<MailHeader> {
  const { stdout } = await tryGit(["mailinfo", "-b", "/dev/null", "/dev/null"], { ...options, cwd: "/", input: mail });
  return new Map(parseFields(stdout));
}

/** The header that git-format-patch(1) writes where there is nothing for git-mailinfo(1) to decode. */
const plainForm =
  /^From [0-9a-f]{40} Mon Sep 17 00:00:00 2001\nFrom: ([\w. -]+) <([\w.@+-]+)>\nDate: ([\w,:+ -]+)\nSubject: \[PATCH\] (?!re\W)([a-z0-9][ -Z^-~]*(?:\n [ -Z^-~]+)*)\n\n+(?!\n|>?(?:from|date|subject)\b|\[)/i;

/**
 * Reads a mail's header if it is a plain one of git's own, else returns undefined. git-mailinfo(1)
 * reads one mail, and a program for each patch takes a third of a plan's time.
 */
export function plainMailHeader(mail: string): MailHeader | undefined {
  const [, author, email, date, subject] = plainForm.exec(mail) ?? [];
  if (author === undefined || email === undefined || date === undefined || subject === undefined) return undefined;
  if (subject.includes("=?")) return undefined;
  return new Map([
    ["Author", author.trim()],
    ["Email", email],
    ["Subject", subject.replace(/\n /g, " ").trimEnd()],
    ["Date", date],
  ]);
}

/** Fields, a line each. */
export function parseFields(text: string): readonly Field[] {
  return text.split("\n").flatMap((line) => {
    const colon = line.indexOf(":");
    return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()] as const];
  });
}

/** What git reads in a valid patch file. */
export interface InspectedPatch {
  readonly header: MailHeader;
  readonly trailers: readonly Field[];
  readonly touched: PatchedPaths;
}

/** Ends the output for one file where git prints that for many. */
const end = "Kovn-End: 1";

/** What to run for many patch files, as one git alias, because a plan must be fast. */
const inspect = `f() {
  git interpret-trailers --only-trailers --unfold --trailer '${end}' "$@" || return
  git apply --numstat --summary "$@"
}; f`;

/**
 * Reads with one program what `trailers` and `patchedPaths` read in each of many patch files, and
 * their headers. Returns undefined when git cannot read one of the files, or when one does more than change
 * plain files inside the tree; then read each file by itself. So `touched` is always empty.
 */
export async function inspectPatches(
  files: readonly string[],
  options: GitOptions,
): Promise<readonly InspectedPatch[] | undefined> {
  if (files.length === 0) return [];
  const result = await tryGit(["-c", `alias.inspect=!${inspect}`, "inspect", ...files], { ...options, cwd: "/" });
  const blocks = result.stdout.split(`${end}\n`);
  const isUsual = blocks.pop()?.split("\n").every(isPlain) === true && blocks.length === files.length;
  if (result.exitCode !== 0 || !isUsual) return undefined;
  const fields = blocks.map(parseFields);
  const touched = { paths: [], newLinks: [], goneLinks: [] };
  return Promise.all(
    files.map(async (file, index) => {
      const mail = await readBytes(file, "a patch");
      const header = plainMailHeader(mail.toString()) ?? (await mailHeader(mail, options));
      return { trailers: fields[index] ?? [], header, touched };
    }),
  );
}

/**
 * True for a line of git-apply(1)'s report about a plain file whose path has no quotes, arrows, dots
 * and .git.
 */
function isPlain(line: string): boolean {
  const path = /^(?:[-\d]+\t[-\d]+\t| (?:create|delete) mode 100\d{3} | mode change 100\d{3} => 100\d{3} )([^"]+)$/.exec(
    line,
  )?.[1];
  if (path === undefined) return line === "";
  return (
    !path.startsWith("/") &&
    !path.includes(" => ") &&
    !path.split("/").some((part) => part === ".." || part.toLowerCase() === ".git")
  );
}
