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
  const change = async ({ subject, edits }: UpstreamChange) => {
    await edit(upstream, edits);
    return commitAll(upstream, subject);
  };
  const onSide = [];
  for (const one of side) onSide.push(await change(one));
  const pin = onSide.at(-1) ?? fork;
  await inGit(upstream, "checkout", "--quiet", "-b", "next", fork);
  const onNext = [];
  for (const one of next) onNext.push(await change(one));
  await inGit(upstream, "checkout", "--quiet", "main");
  await writeFiles(project, {
    ...(await makeMails(folder, pin, series)),
    [`${demo}/series`]: `${order.join("\n")}\n`,
    [`${demo}/source.yaml`]: sourceYaml(upstream, yaml).replace(/commit: .*/, `commit: ${pin}`),
  });
  return { project, pin, fork, upstream, ids: [...onNext, ...onSide] };
}

async function edit(tree: string, edits: Edits): Promise<void> {
  for (const [file, change] of Object.entries(edits)) {
    const text = await readFile(join(tree, file), "utf8").catch(() => "");
    await writeFiles(tree, { [file]: change(text) });
  }
}

async function makeMails(folder: string, pin: string, series: readonly SeriesChange[]): Promise<Files> {
  const work = join(folder, "work");
  await execa("git", ["clone", "--quiet", "--no-checkout", join(folder, "upstream"), work]);
  await inGit(work, "checkout", "--quiet", "-b", "series", pin);
  const mails: [string, string][] = [];
  for (const { name, subject, edits, seed = "none", origin = "vendor" } of series) {
    await edit(work, edits);
    await commitAll(work, `${subject}\n\nWhy.\n\nOrigin: ${origin}\nForwarded: no\nSeed: ${seed}\nLast-Update: 2026-11-22`);
    const format = ["format-patch", "-1", "-N", "--zero-commit", "--no-signature", "--full-index", "--no-renames", "--stdout"];
    mails.push([`${demo}/${name}`, `${await inGit(work, ...format)}\n`]);
  }
  return Object.fromEntries(mails);
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

export const letters = ["a", "b", "c", "d", "e"];

/** Five patches that upstream's commits conflict with, and seven that change what those add. */
export const fiveRoots: RebaseFixture = {
  files: Object.fromEntries(letters.map((file) => [file, lines(20)])),
  next: letters.map((file) => ({ subject: `Change ${file}`, edits: { [file]: line("10", `ten of ${file}`) } })),
  series: [
    ...letters.map(root),
    follower("a", 3),
    follower("a", 8),
    follower("b", 3),
    follower("b", 8),
    follower("c", 5),
    follower("d", 5),
    follower("e", 5),
  ],
};
