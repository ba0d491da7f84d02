import { git, gitSays, tryGit, type GitOptions } from "./git.ts";

/** What a patch touches. */
export interface PatchedPaths {
  readonly paths: readonly string[];
  /** Paths that it makes symbolic links, and links that it deletes. */
  readonly newLinks: readonly string[];
  readonly goneLinks: readonly string[];
}

/** Reads what a patch file touches (git-apply(1)), or why and at which line it cannot be read as a diff. Applies nothing. */
export async function patchedPaths(
  path: string,
  options: GitOptions,
): Promise<PatchedPaths | { readonly unreadable: string; readonly line: number | undefined }> {
  // Outside of any repository, so that names are those in the patch.
  const result = await tryGit(["apply", "--numstat", "--summary", "-z", path], { ...options, cwd: "/" });
  if (result.exitCode !== 0) {
    const line = /\bline (\d+)/.exec(result.stderr)?.[1];
    return { unreadable: gitSays(result), line: line === undefined ? undefined : Number(line) };
  }
  const rows = result.stdout.split("\0");
  const summary = rows.pop() ?? "";
  const links = (kind: string) =>
    [...summary.matchAll(/^ (create|delete) mode 120000 (.+)$/gm)].flatMap(([, found, name]) =>
      found === kind ? (name ?? []) : [],
    );
  return { paths: rows.map((row) => row.replace(/^\S+\t\S+\t/, "")), newLinks: links("create"), goneLinks: links("delete") };
}

type Trailer = readonly [name: string, value: string];

/** The trailers of a commit message (git-interpret-trailers(1)), in order. */
export async function trailers(message: string, options: GitOptions): Promise<readonly Trailer[]> {
  return parseTrailers(await git(["interpret-trailers", "--parse"], { ...options, input: message }));
}

function parseTrailers(text: string): readonly Trailer[] {
  return text.split("\n").flatMap((line) => {
    const colon = line.indexOf(":");
    return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()] as const];
  });
}

/** What git reads in a patch file that is in order. */
export interface InspectedPatch {
  readonly trailers: readonly Trailer[];
  readonly touched: PatchedPaths;
}

/** Ends the trailers of one file where git prints those of many. */
const end = "Kovn-End: 1";

/**
 * What `trailers` and `patchedPaths` say of many patch files, in two programs instead of two a file. Only for the usual: `touched` is empty
 * when no file does more than change files at plain paths within the tree; else, or when git cannot read one of the files, the answer is undefined
 * and they have to be asked one by one.
 */
export async function inspectPatches(
  files: readonly string[],
  options: GitOptions,
): Promise<readonly InspectedPatch[] | undefined> {
  if (files.length === 0) return [];
  const [mails, diffs] = await Promise.all([
    tryGit(["interpret-trailers", "--only-trailers", "--unfold", "--trailer", end, ...files], { ...options, cwd: "/" }),
    tryGit(["apply", "--numstat", "--summary", ...files], { ...options, cwd: "/" }),
  ]);
  const blocks = mails.stdout.split(`${end}\n`).slice(0, -1);
  if (mails.exitCode !== 0 || diffs.exitCode !== 0 || blocks.length !== files.length) return undefined;
  if (!diffs.stdout.split("\n").every(isPlain)) return undefined;
  return blocks.map((block) => ({ trailers: parseTrailers(block), touched: { paths: [], newLinks: [], goneLinks: [] } }));
}

/** True for a line of git-apply(1)'s report that tells of a plain file at a path without quotes, arrows, dots and .git. */
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
