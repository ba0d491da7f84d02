import { readFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Source } from "../config/source.ts";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { writeWhole } from "../sys/files.ts";
import { git, tryGit } from "../sys/git.ts";

/** What an export did with a patch. The file of an `unchanged` patch was not written. */
export interface Exported {
  readonly name: string;
  readonly change: "unchanged" | "changed" | "added" | "dropped";
}

interface Commit {
  readonly id: string;
  readonly subject: string;
  readonly mail: string;
  readonly verbatim: string;
}

/**
 * git-format-patch(1) without numbers, commit ids and git version; with full blob ids and 3 lines
 * of context.
 */
const format = ["format-patch", "--stdout", "-N", "--zero-commit", "--no-signature", "--full-index", "-U3", "--no-renames", "-1"];

/**
 * Writes the commits in `tree` (made by `patches apply`) back to `dir` as the series. Matches each
 * commit to a patch by its subject, else by its change. Does not touch a file whose change and
 * message are the same. Throws "usage" and writes nothing when the tree cannot be exported.
 */
export async function exportSeries(source: Source, tree: string, dir: string, host: Host): Promise<readonly Exported[]> {
  const options = { host, cwd: tree };
  await assertExportable(source, tree, host);
  const base = (await git(["config", "kovn.base"], options)).trim();
  const ids = (await git(["rev-list", "--reverse", `${base}..HEAD`], options)).split("\n").filter((id) => id !== "");
  const commits = await Promise.all(ids.map((id) => readCommit(id, tree, host)));
  const old = await Promise.all(
    source.patches.map(async ({ name, path, subject }) => {
      const mail = await readFile(path, "utf8");
      return { name, subject, mail, verbatim: await verbatimId(mail, host) };
    }),
  );
  const named = nameCommits(commits, old);
  const until = await tryGit(["config", "kovn.until"], options);
  assertComplete(source, named, until.stdout.trim());
  const results: Exported[] = [];
  for (const [name, commit] of named) {
    const before = old.find((patch) => patch.name === name);
    const same = before !== undefined && before.verbatim === commit.verbatim && messageOf(before.mail) === messageOf(commit.mail);
    if (!same) await writeWhole(join(dir, name), commit.mail);
    results.push({ name, change: same ? "unchanged" : before === undefined ? "added" : "changed" });
  }
  await writeSeries(join(dir, "series"), [...named.keys()]);
  for (const file of await readdir(dir)) {
    if (!file.endsWith(".patch") || named.has(file)) continue;
    await rm(join(dir, file));
    results.push({ name: file, change: "dropped" });
  }
  return results;
}

async function assertExportable(source: Source, tree: string, host: Host): Promise<void> {
  const base = await tryGit(["config", "kovn.base"], { host, cwd: tree });
  if (base.exitCode !== 0) {
    throw new BuildError("usage", `Folder ${tree} was not made by \`patches apply\`.`, {
      hint: `kovn-build patches apply ${source.name} DIR`,
    });
  }
  const options = { host, cwd: tree };
  const dirty = await git(["status", "--porcelain", "--untracked-files=no"], options);
  if (dirty !== "")
    throw new BuildError("usage", `Folder ${tree} has uncommitted changes:\n${dirty}`, {
      hint: `git -C ${tree} commit --amend -a`,
    });
  const merges = await git(["rev-list", "--merges", `${base.stdout.trim()}..HEAD`], options);
  if (merges !== "")
    throw new BuildError("usage", `Folder ${tree} has merge commits, but a series must be linear.`, {
      hint: `git -C ${tree} rebase`,
    });
}

async function readCommit(id: string, tree: string, host: Host): Promise<Commit> {
  const result = await tryGit([...format, id], { host, cwd: tree });
  const mail = result.stdout;
  return {
    id,
    subject: await git(["log", "-1", "--format=%s", id], { host, cwd: tree }),
    mail,
    verbatim: await verbatimId(mail, host),
  };
}

/**
 * An id that two patches share if they make the same change, at any place (git-patch-id(1)
 * `--verbatim`).
 */
async function verbatimId(mail: string, host: Host): Promise<string> {
  return (await git(["patch-id", "--verbatim"], { host, input: mail })).split(" ")[0] ?? "";
}

/** The header and message of a mail: everything before the diffstat. */
function messageOf(mail: string): string {
  return mail.slice(0, mail.indexOf("\n---\n"));
}

/**
 * Names each commit's file: that of the old patch with the same subject or the same change, else a
 * new slug.
 */
function nameCommits(
  commits: readonly Commit[],
  old: readonly { name: string; subject: string; verbatim: string }[],
): ReadonlyMap<string, Commit> {
  const named = new Map<string, Commit>();
  for (const commit of commits) {
    const free = old.filter((patch) => !named.has(patch.name));
    const known =
      free.find((patch) => patch.subject === commit.subject) ?? free.find((patch) => patch.verbatim === commit.verbatim);
    const slug = commit.subject
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 60)
      .replace(/-+$/, "");
    named.set(known?.name ?? freeName(slug || "change", named), commit);
  }
  return named;
}

function freeName(slug: string, taken: ReadonlyMap<string, unknown>): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? `${slug}.patch` : `${slug}-${number}.patch`;
    if (!taken.has(name)) return name;
  }
}

/**
 * Throws "usage" if the tree was made with `--until` and lacks the rest of the series, which an
 * export would drop.
 */
function assertComplete(source: Source, named: ReadonlyMap<string, unknown>, until: string): void {
  if (until === "") return;
  const from = source.patches.findIndex((patch) => patch.name === until);
  const missing = source.patches.slice(from).filter((patch) => !named.has(patch.name));
  if (missing.length === 0) return;
  throw new BuildError(
    "usage",
    `The tree was made with \`--until\` and lacks ${missing.map((patch) => `\`${patch.name}\``).join(", ")}.`,
    {
      hint: `git am --3way ${missing[0]?.path ?? ""}, then the others in the order of the series`,
    },
  );
}

/** Rewrites `series` if its names changed; a comment stays with the patch below it. */
async function writeSeries(path: string, names: readonly string[]): Promise<void> {
  const lines = (await readFile(path, "utf8")).split("\n");
  const nameOf = (line: string) => line.replace(/(^|\s)#.*$/, "").trim();
  if (
    lines
      .map(nameOf)
      .filter((name) => name !== "")
      .join("\n") === names.join("\n")
  )
    return;
  const blocks = new Map<string, string[]>();
  let comments: string[] = [];
  for (const line of lines) {
    comments.push(line);
    if (nameOf(line) === "") continue;
    blocks.set(nameOf(line), comments);
    comments = [];
  }
  const text = [...names.flatMap((name) => blocks.get(name) ?? [name]), ...comments].join("\n");
  await writeWhole(path, `${text.trimEnd()}\n`);
}
