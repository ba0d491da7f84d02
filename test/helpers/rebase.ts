import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { execa } from "execa";
import type { RebaseContext } from "../../src/patches/rebase/context.ts";
import { host } from "./host.ts";
import { rewrite } from "./picks.ts";
import { commitAll, demo, inGit, makeProject, sourceYaml, writeFiles, type Files } from "./project.ts";

/** The work tree and the state of an unfinished rebase, in the folder of a project. */
export const treePath = ".kovn/rebase/1.0-demo/tree";
export const statePath = ".kovn/rebase/1.0-demo/state.json";

/** What a rebase of the fixture's source works with, in this process. */
export function contextOf(project: string): RebaseContext {
  const from = { rule: "auto", repositories: {} } as const;
  return { project: { root: project, work: join(project, ".kovn") }, line: "1.0", name: "demo", from, host };
}

/** Merges the conflicts of the work tree: upstream's lines, then the patch's without the line that upstream changed. */
export async function resolveConflicts(project: string): Promise<readonly string[]> {
  const tree = join(project, treePath);
  const files = (await inGit(tree, "diff", "--name-only", "--diff-filter=U")).split("\n");
  for (const file of files) {
    await rewrite(join(tree, file), (text) =>
      text.replaceAll(/<<<<<<< .*\n([^]*?)=======\n([^]*?)>>>>>>> .*\n/g, (_, ours: string, theirs: string) => {
        return ours + theirs.replace(/^10\n/, "");
      }),
    );
    await inGit(tree, "add", file);
  }
  return files;
}

/** What a commit makes of files: their new texts, from the old ones. `undefined` removes a file. */
type Edits = Readonly<Record<string, (text: string) => string | undefined>>;

/** A commit of upstream. */
export interface UpstreamChange {
  readonly subject: string;
  readonly edits: Edits;
}

/** A patch of the series, made on the patches before it. */
export interface SeriesChange extends UpstreamChange {
  readonly name: string;
  readonly seed?: string;
  readonly origin?: string;
}

export interface RebaseFixture {
  /** Files of the pin beside those of `makeUpstream`. */
  readonly files: Files;
  /** Upstream's commits on branch `next` above the pin, and those on the pin's own branch that `next` lacks. */
  readonly next: readonly UpstreamChange[];
  readonly side?: readonly UpstreamChange[];
  readonly series: readonly SeriesChange[];
  /** The order in `series`, if it is another one. */
  readonly order?: readonly string[];
  /** More of source.yaml, and more files of the project. */
  readonly yaml?: string;
  readonly project?: Files;
}

/** A file of numbered lines, from 1. */
export function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => `${index + 1}\n`).join("");
}

/** Replaces one line of a text, which must have it. */
export function line(before: string, after: string): (text: string) => string {
  return (text) => {
    const rows = text.split("\n");
    if (!rows.includes(before)) throw new Error(`no line ${before}`);
    return rows.map((row) => (row === before ? after : row)).join("\n");
  };
}

/**
 * Makes a project whose source `demo` is pinned below branch `next` of its upstream. Returns the
 * project, the pin, and the ids of upstream's commits, those of `next` first.
 */
export async function makeRebase(folder: string, fixture: RebaseFixture) {
  const upstream = join(folder, "upstream");
  const { files, next, side = [], series, order = series.map(({ name }) => name), yaml = "" } = fixture;
  const project = await makeProject(folder, {
    [`${demo}/greet-world.patch`]: undefined,
    [`${demo}/greet-all.patch`]: undefined,
    ...fixture.project,
  });
  await writeFiles(upstream, files);
  const fork = await commitAll(upstream, "Files");
  const read = async (file: string) => readFile(join(upstream, file), "utf8").catch(() => "");
  const onSide = await commitEdits(upstream, { branch: "main", from: fork, read }, side);
  const onNext = await commitEdits(upstream, { branch: "next", from: fork, read }, next);
  await inGit(upstream, "reset", "--quiet", "--hard");
  const pin = onSide.at(-1) ?? fork;
  await writeFiles(project, {
    ...(await makeMails(folder, pin, series)),
    [`${demo}/series`]: `${order.join("\n")}\n`,
    [`${demo}/source.yaml`]: sourceYaml(upstream, yaml).replace(/commit: .*/, `commit: ${pin}`),
  });
  return { project, pin, fork, upstream, ids: [...onNext, ...onSide] };
}

interface Start {
  readonly branch: string;
  readonly from: string;
  /** The text of a file there; empty when it has none. */
  readonly read: (file: string) => Promise<string>;
}

/** Makes commits on a branch, one after the other, without a work tree, and returns their ids. */
async function commitEdits(
  repository: string,
  { branch, from, read }: Start,
  changes: readonly UpstreamChange[],
): Promise<readonly string[]> {
  const ref = `refs/heads/${branch}`;
  await inGit(repository, "update-ref", ref, from);
  const texts = new Map<string, string | undefined>();
  const parts: string[] = [];
  for (const { subject, edits } of changes) {
    parts.push(`commit ${ref}\n${["author", "committer"].map((one) => `${one} ${person}\n`).join("")}${data(`${subject}\n`)}`);
    if (parts.length === 1) parts.push(`from ${from}\n`);
    for (const [file, edit] of Object.entries(edits)) {
      const text = edit(texts.has(file) ? (texts.get(file) ?? "") : await read(file));
      texts.set(file, text);
      parts.push(text === undefined ? `D ${file}\n` : `M 100644 inline ${file}\n${data(text)}`);
    }
  }
  if (parts.length === 0) return [];
  await execa("git", ["-C", repository, "fast-import", "--quiet"], { input: parts.join("") });
  return (await inGit(repository, "rev-list", "--reverse", `${from}..${branch}`)).split("\n");
}

const person = "Upstream <upstream@example.com> 1700000000 +0100";

/** A text in a stream of git-fast-import(1). */
function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

async function makeMails(folder: string, pin: string, series: readonly SeriesChange[]): Promise<Files> {
  if (series.length === 0) return {};
  const work = join(folder, "work");
  await execa("git", ["clone", "--quiet", "--no-checkout", join(folder, "upstream"), work]);
  const read = async (file: string) => {
    const { stdout, exitCode } = await execa("git", ["-C", work, "show", `${pin}:${file}`], {
      stripFinalNewline: false,
      reject: false,
    });
    return exitCode === 0 ? stdout : "";
  };
  const commits = series.map(({ subject, edits, seed = "none", origin = "vendor" }) => ({
    subject: `${subject}\n\nWhy.\n\nOrigin: ${origin}\nForwarded: no\nSeed: ${seed}\nLast-Update: 2026-11-22`,
    edits,
  }));
  await commitEdits(work, { branch: "series", from: pin, read }, commits);
  const format = ["format-patch", "-N", "--zero-commit", "--no-signature", "--full-index", "--no-renames", "--stdout"];
  const mails = (await inGit(work, ...format, `${pin}..series`)).split(/\n+(?=From 0{40} )/);
  return Object.fromEntries(series.map(({ name }, index) => [`${demo}/${name}`, `${mails[index]}\n`]));
}

const block = Array.from({ length: 12 }, (_, index) => `block ${index}`).join("\n");

/** A patch that adds a block after line 10, which upstream changes. */
export function root(file: string): SeriesChange {
  return { name: `${file}.patch`, subject: `Root of ${file}`, edits: { [file]: line("10", `10\n${block}`) } };
}

/** A patch that changes a line in that block. */
function follower(file: string, row: number): SeriesChange {
  const edits = { [file]: line(`block ${row}`, `other ${row}`) };
  return { name: `${file}-${row}.patch`, subject: `Change block ${row} of ${file}`, edits };
}

export const letters = ["a", "b", "c"];

/** Three patches that upstream's commits conflict with, and four that change what those add. */
export const threeRoots: RebaseFixture = {
  files: Object.fromEntries(letters.map((file) => [file, lines(20)])),
  next: letters.map((file) => ({ subject: `Change ${file}`, edits: { [file]: line("10", `ten of ${file}`) } })),
  series: [...letters.map(root), follower("a", 3), follower("a", 8), follower("b", 3), follower("c", 5)],
};
