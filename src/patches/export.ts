import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Project } from "../config/project.ts";
import { readSeries } from "../config/series.ts";
import { readSource, seriesRules, type Source } from "../config/source.ts";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { sha256 } from "../sys/files.ts";
import { am } from "../sys/git-am.ts";
import { git, tryGit, type GitOptions } from "../sys/git.ts";
import { runTask } from "../sys/run-task.ts";
import { count } from "../sys/text.ts";
import { withScratch } from "../sys/with-scratch.ts";
import { seriesDifferences } from "./lock.ts";
import { namePatches, type Named } from "./name-patches.ts";
import { openScratch } from "./read-back.ts";
import { replaceSeries } from "./replace-series.ts";
import { withSeriesLock } from "./series-lock.ts";
import { seriesOf, writeNote, type TreeNote } from "./tree-note.ts";
import { treeCommits, type TreeCommits } from "./tree-state.ts";
import { writePatch, type Written } from "./write-patch.ts";

/** What an export did with a patch. The file of an `unchanged` patch was not written. */
export interface Exported {
  readonly name: string;
  readonly change: "unchanged" | "changed" | "added" | "dropped";
}

export interface ExportOptions {
  /** A tree made by `patches apply`, and what it remembers. */
  readonly tree: string;
  readonly note: TreeNote;
  readonly project: Project;
  /** The commits of the seed's entries. */
  readonly seed: readonly string[];
  readonly host: Host;
}

type Patches = readonly (Named & { readonly written: Written })[];

/**
 * Writes the commits in `tree` back as the series that the tree was made from. Keeps a file that
 * still makes its commit; reads each new one back before it replaces anything. Throws "usage" or
 * "project" and changes nothing when the tree cannot be exported.
 */
export async function exportSeries(options: ExportOptions): Promise<readonly Exported[]> {
  const { tree, note, project, host } = options;
  return withSeriesLock(note.line, note.source, project, host, async (dir, shown) => {
    const source = await readSource(project, note.line, note.source, host);
    const { base, commits } = await treeCommits(source, note, tree, host);
    const patches = await writePatches(source, { base, commits }, options);
    assertComplete(source, patches, note.until);
    assertWritten(patches, base, tree);
    const series = newSeries(patches);
    assertSameSeries(source, series, options);
    const names = patches.map((patch) => patch.name);
    const mails = new Map(patches.flatMap(({ name, written }) => (written.kind === "mail" ? [[name, written.mail]] : [])));
    const dropped = await replaceSeries(dir, { names, mails }, async (copy) => {
      await readSeries(copy, shown, seriesRules(source), host);
    });
    const { until: _, ...kept } = note;
    await writeNote({ ...kept, base, pin: source.commit, series }, tree, host);
    return [...patches.map(describe), ...dropped.map((name) => ({ name, change: "dropped" as const }))];
  });
}

async function writePatches(
  source: Source,
  { base, commits }: TreeCommits,
  { tree, project, seed, host }: ExportOptions,
): Promise<Patches> {
  const write = async (dir: string, { task }: Host): Promise<Patches> => {
    const scratch = await openScratch(tree, join(dir, "scratch"), host);
    const mails = join(dir, "mails");
    await mkdir(mails);
    const options = { seed, mails, git: scratch, fields: source.fields };
    const patches = await namePatches(commits, source.patches, scratch);
    const same = await countSame(patches, base, scratch);
    const all = [];
    for (const [index, named] of patches.entries()) {
      task.say(`patch ${index + 1} of ${commits.length}`);
      const written = index < same ? unchanged : await writePatch(named.id, named.name, named.old, options);
      all.push({ ...named, written });
    }
    return all;
  };
  return runTask(host, `write ${count(commits.length, "commit")} as patches and read them back`, async (below) =>
    withScratch(project.work, "export", below, async (dir) => write(dir, below)),
  );
}

const unchanged: Written = { kind: "unchanged" };

/** How many of the first patches still have a file that makes their commit. All are applied at once, so it is quick. */
async function countSame(patches: readonly Named[], base: string, options: GitOptions): Promise<number> {
  const added = patches.findIndex(({ old }) => old === undefined);
  const files = patches.slice(0, added < 0 ? patches.length : added).flatMap(({ old }) => (old === undefined ? [] : [old.path]));
  await git(["reset", "--quiet", "--hard", base], options);
  if ((await am(files, options)) !== undefined) await tryGit(["am", "--quit"], options);
  const made = (await git(["rev-list", "--reverse", `${base}..HEAD`], options)).split("\n");
  const other = patches.findIndex(({ id }, index) => id !== made[index]);
  return other < 0 ? patches.length : other;
}

function describe({ name, old, written }: Patches[number]): Exported {
  if (written.kind === "unchanged") return { name, change: "unchanged" };
  return { name, change: old === undefined ? "added" : "changed" };
}

function newSeries(patches: Patches): TreeNote["series"] {
  return patches.map(({ name, old, written }) => ({
    name,
    sha256: written.kind === "mail" ? sha256(written.mail) : (old?.sha256 ?? ""),
  }));
}

/**
 * Throws "usage" if the series is neither the one that the tree was made from, nor already what it
 * becomes, as after an export that was killed at its end.
 */
function assertSameSeries(source: Source, series: TreeNote["series"], { tree, note }: ExportOptions): void {
  const now = seriesOf(source);
  const differences = seriesDifferences("the patches", now, note.series, `${tree} was made or last exported`);
  if (differences.length === 0 || JSON.stringify(now) === JSON.stringify(series)) return;
  throw new BuildError("usage", `${differences.join("\n")}\nAn export would undo that.`, {
    hint: `kovn-build patches apply ${source.name} DIR --line ${note.line}, then bring your commits there: git -C DIR fetch ${tree} HEAD, git -C DIR cherry-pick COMMITS`,
  });
}

/**
 * Throws "usage" if the tree was made with `--until` and lacks the rest of the series, which an
 * export would drop.
 */
function assertComplete(source: Source, patches: Patches, until: string | undefined): void {
  if (until === undefined) return;
  const from = source.patches.findIndex((patch) => patch.name === until);
  const missing = source.patches.slice(from).filter(({ name }) => !patches.some((patch) => patch.name === name));
  const [first] = missing;
  if (first === undefined) return;
  throw new BuildError(
    "usage",
    `The tree was made with \`--until\` and lacks ${missing.map((patch) => `\`${patch.name}\``).join(", ")}.`,
    { hint: `git am --3way --keep-non-patch ${first.path}, then the others in the order of the series` },
  );
}

/** Throws "usage" that names every commit that cannot be a patch. */
function assertWritten(patches: Patches, base: string, tree: string): void {
  const refused = patches.flatMap(({ written, ...named }) => (written.kind === "refused" ? [{ ...named, ...written }] : []));
  if (refused.length === 0) return;
  const rows = refused.map(({ id, subject, why }) => `  ${id.slice(0, 12)} ${subject}: ${why}`);
  const values: Readonly<Record<string, string>> = { Origin: "vendor", Forwarded: "no", Seed: "none" };
  const fields = [...new Set(refused.flatMap(({ missing }) => missing))].map((name) => ` --trailer '${name}: ${values[name]}'`);
  const amend = `commit --amend${fields.length > 0 ? ` --no-edit${fields.join("")}` : ""}`;
  const isLast = refused.every(({ id }) => id === patches.at(-1)?.id);
  const hint = isLast
    ? `git -C ${tree} ${amend}`
    : `git -C ${tree} rebase --interactive ${base} with \`edit\`, and for each: git -C ${tree} ${amend}`;
  throw new BuildError("usage", `These commits of ${tree} cannot be written as patches:\n${rows.join("\n")}`, { hint });
}
