import { listUnmerged } from "./git-merge.ts";
import { gitPath } from "./git-path.ts";
import { committer, git, gitBytes, gitSays, patchId, tryGit, type GitOptions } from "./git.ts";

/** A file that a commit changes. Its path has a character for each byte, since not all are UTF-8. */
export interface Change {
  readonly path: string;
  /** Mode and blob after the commit; the mode is 0 for a file that it deletes. */
  readonly mode: string;
  readonly blob: string;
  /** The same before the commit; undefined for a file that it adds. */
  readonly before: { readonly mode: string; readonly blob: string } | undefined;
  readonly blobs: readonly string[];
}

/** A commit as it is, whatever a shallow repository says of its history. */
interface RawCommit {
  readonly parents: readonly string[];
  /** The bytes of its headers `author` and `encoding`, and of its message. */
  readonly author: Buffer;
  readonly encoding: Buffer | undefined;
  readonly message: Buffer;
}

/** Reads a commit that the repository has. */
export async function readCommit(commit: string, options: GitOptions): Promise<RawCommit> {
  const raw = await gitBytes(["cat-file", "commit", commit], options);
  const end = raw.indexOf("\n\n");
  const head = raw.toString("latin1", 0, end).split("\n");
  const field = (name: string) => head.flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []));
  const [encoding] = field("encoding");
  return {
    parents: field("parent"),
    author: Buffer.from(field("author")[0] ?? "", "latin1"),
    encoding: encoding === undefined ? undefined : Buffer.from(encoding, "latin1"),
    message: raw.subarray(end + 2),
  };
}

/**
 * True if a shallow repository ends at this commit: it has the commit, but not its parent. Asks no
 * remote.
 */
export async function isCutOff(commit: string, parent: string, options: GitOptions): Promise<boolean> {
  const listed = await git(["rev-list", "--no-walk", "--parents", commit], options);
  return !listed.includes(parent);
}

/** The files that a commit changes. Reads trees only. */
export async function changesOf(commit: string, parent: string, options: GitOptions): Promise<readonly Change[]> {
  const raw = await gitBytes(["diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", parent, commit], options);
  const parts = raw.toString("latin1").split("\0");
  return parts.flatMap((head, index) => {
    const [, before, mode = "", old = "", blob = ""] = /^:(\d+) (\d+) ([0-9a-f]+) ([0-9a-f]+) /.exec(head) ?? [];
    if (before === undefined) return [];
    const isBlob = (kind: string) => kind !== "000000" && kind !== "160000";
    const blobs = [...(isBlob(before) ? [old] : []), ...(isBlob(mode) ? [blob] : [])];
    const was = before === "000000" ? undefined : { mode: before, blob: old };
    return [{ path: parts[index + 1] ?? "", mode, blob, before: was, blobs }];
  });
}

/** A pick to take: an upstream commit with one parent, and those of its changes that are taken. */
export interface Taking {
  readonly commit: string;
  readonly parent: string;
  readonly changes: readonly Change[];
}

/** The commit that a pick became. */
interface Taken {
  readonly commit: string;
  readonly tree: string;
  /** git's stable id of the change as it was taken from upstream (git-patch-id(1)). */
  readonly patchId: string;
}

/** A file that a pick changes, and that does not have the content before it. */
export interface PickConflict {
  readonly path: string;
  readonly kind: "content" | "missing" | "exists" | "kept";
}

/**
 * Takes a commit onto HEAD of the work tree with git-cherry-pick(1), without looking for renamed
 * files. Keeps author, date and message, adds where it comes from, and has the author's date as the
 * committer's, so that the same commits give the same id everywhere. Returns the conflicts if there
 * are some, and then leaves the work tree as it is; `undefined` if HEAD has the change already.
 */
export async function takeCommit(
  taking: Taking,
  options: GitOptions,
): Promise<Taken | { readonly conflicts: readonly PickConflict[]; readonly output: string } | undefined> {
  const before = await git(["rev-parse", "HEAD", "HEAD^{tree}"], options);
  const [head = "", tree = ""] = before.split("\n");
  const part = await commitPart(taking, options);
  // The other strategies look for renamed files, before git 2.50 also with `no-renames`.
  const picked = await tryGit(["cherry-pick", "--no-commit", "--strategy=resolve", part], options);
  if (picked.exitCode !== 0) return { conflicts: await listConflicts(options), output: gitSays(picked) };
  const made = await git(["write-tree"], options);
  if (made === tree) return undefined;
  const raw = await readCommit(taking.commit, options);
  const commit = await copyCommit({ ...raw, message: withOrigin(raw.message, taking.commit) }, made, head, options);
  await git(["update-ref", "HEAD", commit], options);
  const diff = await gitBytes(["diff-tree", "-p", "--no-renames", "--full-index", "--binary", taking.parent, part], options);
  return { commit, tree: made, patchId: await patchId(diff, options) };
}

/**
 * Makes a commit with the author, date and message of another one, and the author's date as the
 * committer's.
 */
export async function copyCommit(
  { author, encoding, message }: RawCommit,
  tree: string,
  parent: string,
  options: GitOptions,
): Promise<string> {
  const date = /\d+ [+-]\d+$/.exec(author.toString("latin1"))?.[0] ?? "0 +0000";
  const input = Buffer.concat([
    Buffer.from(`tree ${tree}\nparent ${parent}\nauthor `),
    author,
    Buffer.from(`\ncommitter ${committer.name} <${committer.email}> ${date}\n`),
    ...(encoding === undefined ? [] : [Buffer.from("encoding "), encoding, Buffer.from("\n")]),
    Buffer.from("\n"),
    message,
  ]);
  return git(["hash-object", "-t", "commit", "-w", "--stdin"], { ...options, input });
}

/** Makes a commit on the parent of a pick: what is taken of it, with a message that says where it is from. */
export async function partOf(taking: Taking, options: GitOptions): Promise<string> {
  const part = await commitPart(taking, options);
  const raw = await readCommit(taking.commit, options);
  const tree = await git(["rev-parse", `${part}^{tree}`], options);
  return copyCommit({ ...raw, message: withOrigin(raw.message, taking.commit) }, tree, taking.parent, options);
}

/** The message with a line that `git cherry-pick -x` writes. */
function withOrigin(message: Buffer, commit: string): Buffer {
  const text = message.toString("latin1").trimEnd();
  const last = text.slice(text.lastIndexOf("\n") + 1);
  const isTrailer = text.includes("\n") && /^(?:[\w-]+: |\(cherry picked from commit )/.test(last);
  return Buffer.from(`${text}${isTrailer ? "\n" : "\n\n"}(cherry picked from commit ${commit})\n`, "latin1");
}

/** Makes a commit on the parent of a pick that has only the changes that are taken. */
async function commitPart({ parent, changes }: Taking, options: GitOptions): Promise<string> {
  const index = await gitPath("kovn-build-pick", options);
  const own = { ...options, env: { GIT_INDEX_FILE: index } };
  await git(["read-tree", parent], own);
  const rows = changes.map(({ mode, blob, path }) => `${mode} ${blob}\t${path}\0`).join("");
  await git(["update-index", "-z", "--index-info"], { ...own, input: Buffer.from(rows, "latin1") });
  // The parent's other files are not in a blobless repository.
  const tree = await git(["write-tree", "--missing-ok"], own);
  const date = { GIT_AUTHOR_NAME: committer.name, GIT_AUTHOR_EMAIL: committer.email, GIT_AUTHOR_DATE: "946684800 +0000" };
  return git(["commit-tree", tree, "-p", parent, "-m", "part"], {
    ...options,
    env: { ...date, GIT_COMMITTER_DATE: date.GIT_AUTHOR_DATE },
  });
}

/** The kind of a conflict by the stages that the index has: the pick's parent, HEAD, the pick. */
const kinds: Readonly<Record<string, PickConflict["kind"]>> = { "13": "missing", "23": "exists", "12": "kept" };

async function listConflicts(options: GitOptions): Promise<readonly PickConflict[]> {
  const unmerged = await listUnmerged(options);
  return unmerged.map(({ path, stages }) => ({ path, kind: kinds[Object.keys(stages).join("")] ?? "content" }));
}
