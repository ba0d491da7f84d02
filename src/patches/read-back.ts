import type { Host } from "../sys/exec.ts";
import { am } from "../sys/git-am.ts";
import { gitPath } from "../sys/git-path.ts";
import { readBytes } from "../sys/read-file.ts";
import { git, gitBytes, initSharing, tryGit, type GitOptions } from "../sys/git.ts";
import { showBytes } from "../sys/git-patch.ts";

/**
 * What a commit is to a series: all but its committer and parent. Texts have a character for each
 * byte, since not all are UTF-8.
 */
export interface Content {
  readonly tree: string;
  readonly author: string;
  readonly date: string;
  readonly message: string;
}

/**
 * Makes a repository in `dir` that has the commits of `tree`, to read them and to apply patches to
 * them. The settings of `tree` have no effect in it. Returns the options to run git there.
 */
export async function openScratch(tree: string, dir: string, host: Host): Promise<GitOptions> {
  const objects = await gitPath("objects", { host, cwd: tree });
  await initSharing(dir, objects, host);
  return { host, cwd: dir };
}

/** Reads the content of a commit. */
export async function contentOf(commit: string, options: GitOptions): Promise<Content> {
  const format = "--format=%T%n%an <%ae>%n%ad%n%B";
  const shown = await gitBytes(["log", "-1", "--encoding=UTF-8", "--date=raw", format, commit], options);
  const [tree = "", author = "", date = "", ...message] = shown.toString("latin1").split("\n");
  return { tree, author, date, message: message.join("\n").trimEnd() };
}

/**
 * Applies a patch file to a commit, as `patches apply` does, and returns the content of the commit
 * that it makes, or why it makes none.
 */
export async function readBack(mail: string, parent: string, options: GitOptions): Promise<Content | string> {
  await git(["reset", "--quiet", "--hard", parent], options);
  const failure = await am([mail], options);
  if (failure === undefined) return contentOf("HEAD", options);
  await tryGit(["am", "--quit"], options);
  return failure.output;
}

/** Which line of a commit's message ends the message of its mail, in a few words; undefined if none does. */
export async function lostLine(mail: string, { message }: Content, options: GitOptions): Promise<string | undefined> {
  const body = `${mail}.body`;
  await gitBytes(["mailinfo", "-b", body, "/dev/null"], { ...options, input: await readBytes(mail, "a patch") });
  const [subject = ""] = message.split("\n\n", 1);
  const read = `${subject}\n\n${(await readBytes(body, "a patch")).toString("latin1")}`.trimEnd();
  return message.startsWith(read) && message !== read ? describeMessage(message, read) : undefined;
}

/** How a commit that was read back differs from what it was, in a few words; undefined if it does not. */
export function difference(before: Content, after: Content): string | undefined {
  if (before.message !== after.message) return describeMessage(before.message, after.message);
  if (before.author !== after.author) return `its author comes back as \`${showBytes(after.author)}\``;
  if (before.date !== after.date) return `its date, ${before.date}, comes back as ${after.date}`;
  return before.tree === after.tree ? undefined : "its files come back changed";
}

function describeMessage(before: string, after: string): string {
  const [lines, others] = [before.split("\n"), after.split("\n")];
  // Of lines that are cut off, the first blank ones say nothing.
  const index = lines.findIndex((line, at) => line !== others[at] && (line !== "" || at < others.length));
  if (index < 0) return `its message comes back with more lines, the first is \`${showBytes(others[lines.length] ?? "")}\``;
  const line = showBytes(lines[index] ?? "");
  if (index === 0) return `its subject comes back as \`${showBytes(others[0] ?? "")}\``;
  return `line ${index + 1} of its message, \`${line}\`, does not come back; indent or reword it`;
}
