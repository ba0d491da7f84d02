import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Patch } from "../../config/patch.ts";
import { readSeed } from "../../config/seed.ts";
import { readSource, type Source } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { declaredBases, describeBase, packagingOf, pinOf } from "../../plan/base.ts";
import { git } from "../../sys/git.ts";
import { runTask } from "../../sys/run-task.ts";
import { withScratch } from "../../sys/with-scratch.ts";
import { checkoutPatched } from "../apply.ts";
import { whyUnavailable } from "../check.ts";
import { tryBase } from "../lock.ts";
import { fetchBase } from "../mirror.ts";
import { listsWith } from "../lists.ts";
import { dropAlternate, makeFolder, putFolder } from "../new-folder.ts";
import { openScratch } from "../read-back.ts";
import { withSeriesLock } from "../series-lock.ts";
import { writePatch } from "../write-patch.ts";
import { headOf } from "./advance.ts";
import type { RebaseContext } from "./context.ts";
import { digestOf } from "./digest.ts";
import { describeMerged } from "./merged.ts";
import { treeOf, writeState, type RebaseState, type RebaseTree } from "./state.ts";

/**
 * Writes what a rebase made: patches, series, pin, version, revision and what upstream took, all at
 * once, after the new series made the same tree again, strictly. Does nothing if a killed run wrote
 * it. Throws "usage" and writes nothing if the source changed meanwhile.
 */
export async function writeRebased(
  state: RebaseState,
  tree: RebaseTree,
  folder: string,
  context: RebaseContext,
): Promise<RebaseState> {
  const { project, line, name, host } = context;
  return withSeriesLock(line, name, project, host, async (dir, shown) => {
    const now = await digestOf(dir);
    if (now === state.written?.digest) return state;
    if (now !== state.before)
      throw new BuildError("usage", `${shown} changed since the rebase began, and would be replaced.`, {
        hint: `kovn-build patches rebase ${name} --abort --line ${line}, then begin it again; git takes again what you resolved`,
      });
    return runTask(host, `write ${name} and apply it again`, async (below) =>
      withScratch(project.work, "rebase", below, async (scratch) => {
        const own = { ...context, host: below };
        // Beside nothing else, so that it is read like a project.
        const root = join(scratch, "root");
        const next = join(root, shown);
        const source = await readSource(project, line, name, below);
        const written = await fillFolder(source, state, tree, { folder, dir, next, scratch }, own);
        const made = await readSource({ ...project, root }, line, name, below);
        await assertSameTree(made, state, tree, { folder, scratch }, own);
        const notes = await dropAlternates(made, next, own);
        const final = { ...state, written: { ...written, notes: [...written.notes, ...notes], digest: await digestOf(next) } };
        await writeState(folder, final);
        await putFolder(next, dir);
        return final;
      }),
    );
  });
}

/** True if the source's folder is already what the rebase made of it. */
export async function isWritten({ written }: RebaseState, { project, line, name, host }: RebaseContext): Promise<boolean> {
  return written !== undefined && (await withSeriesLock(line, name, project, host, digestOf)) === written.digest;
}

type Written = Omit<NonNullable<RebaseState["written"]>, "digest">;

interface Places {
  readonly folder: string;
  readonly scratch: string;
}

/** Makes the folder that the source's becomes, and says what is in it. */
async function fillFolder(
  source: Source,
  state: RebaseState,
  tree: RebaseTree,
  { folder, dir, next, scratch }: Places & { readonly dir: string; readonly next: string },
  { project, from, host }: RebaseContext,
): Promise<Written> {
  const patches = [...source.patches, ...packagingOf(source, pinOf(source))];
  const seed = (await readSeed(project)).map((entry) => entry.commit);
  const mails = join(scratch, "mails");
  await mkdir(join(mails, "packaging"), { recursive: true });
  const options = { seed, mails, fields: source.fields, git: await openScratch(treeOf(folder), join(scratch, "written"), host) };
  const files = new Map<string, Buffer>();
  const changes: Record<string, "unchanged" | "changed"> = {};
  for (const { name, commit } of state.moved) {
    if (commit === undefined) continue;
    const old = patches.find((patch) => patch.name === name);
    const written = await writePatch(commit, name, old, options);
    if (written.kind === "refused")
      throw new BuildError("usage", `Patch \`${name}\` cannot be written: ${written.why}.`, {
        hint: `kovn-build patches rebase ${source.name} --abort --line ${source.line}, then begin it again`,
      });
    if (written.kind === "mail") files.set(name, written.mail);
    changes[name] = written.kind === "mail" ? "changed" : "unchanged";
  }
  const names = Object.keys(changes);
  const { picture } = tree;
  const gone = patches.filter((patch) => !names.includes(patch.name) && patch.seed !== "none");
  const bare = gone.filter(({ seed: id }) => !patches.some((other) => names.includes(other.name) && other.seed === id));
  const fetched = await fetchBase(pinOf({ ...source, commit: state.onto.commit, picks: [] }, from), { work: project.work, host });
  const { merged, notes } = await mergeSeeds(bare, source, tree, async (patch, commit) =>
    describeMerged(
      { patch, commit },
      { pin: source.commit, onto: fetched, version: picture.onto.version },
      { host, cwd: treeOf(folder) },
    ),
  );
  const picks = picture.picks.flatMap(({ status }, index) => (status === "applies" ? [] : [index]));
  const { commit, branch, version } = picture.onto;
  const revision = source.revision + 1;
  const values = { commit, branch, version, revision };
  const lists = listsWith(names, source);
  await makeFolder(source, { lists, mails: files, changes: { values, drop: { picks, alternates: [] }, merged } }, dir, next);
  return { changes, merged: merged.map((one) => one.seed), notes: [...notes], revision };
}

/** What is merged upstream of the entries that have no patch any more, and a note on each that needs a person. */
async function mergeSeeds(
  gone: readonly Patch[],
  source: Source,
  { picture }: RebaseTree,
  describe: (patch: Patch, commit: string) => Promise<Source["merged"][number] | undefined>,
): Promise<{ readonly merged: Source["merged"]; readonly notes: readonly string[] }> {
  const merged: Source["merged"] = [];
  const notes: string[] = [];
  for (const patch of gone) {
    if ([...source.merged, ...merged].some((one) => one.seed === patch.seed)) continue;
    const commit = picture.patches.find((row) => row.name === patch.name)?.commit?.id;
    const one = commit === undefined ? undefined : await describe(patch, commit);
    if (one === undefined)
      notes.push(
        `Entry ${patch.seed} of the seed has no patch any more (\`${patch.name}\`): if upstream has it, add it to \`merged\` of source.yaml; if the line is without it, to \`dropped\`.`,
      );
    else merged.push(one);
  }
  return { merged, notes };
}

/** Throws "patch" unless the new series makes the tree that the rebase made. */
async function assertSameTree(
  made: Source,
  state: RebaseState,
  tree: RebaseTree,
  { folder, scratch }: Places,
  { project, from, host }: RebaseContext,
): Promise<void> {
  const base = pinOf(made, from);
  const fetched = await fetchBase(base, { work: project.work, host });
  const patched = await checkoutPatched(made, fetched, join(scratch, "strict"), host, packagingOf(made, base));
  const wanted = await git(["rev-parse", `${headOf(state, tree)}^{tree}`], { host, cwd: treeOf(folder) });
  if ((patched.packaged?.tree ?? patched.tree) === wanted) return;
  throw new BuildError("patch", `The new series of \`${made.name}\` makes another tree than the rebase, so it is not written.`);
}

/** Drops the alternates to which the new series does not apply. Returns a note on each that is dropped or unknown. */
async function dropAlternates(made: Source, next: string, { project, host }: RebaseContext): Promise<readonly string[]> {
  const notes: string[] = [];
  const alternates = declaredBases(made).slice(1);
  for (const [index, base] of [...alternates.entries()].toReversed()) {
    const options = { work: project.work, host };
    const why = await whyUnavailable(base, options);
    if (why !== undefined) {
      notes.push(`It is not known whether the series applies to alternate ${describeBase(base)}: ${why}`);
      continue;
    }
    try {
      await tryBase(made, base, options);
    } catch (error) {
      if (!(error instanceof BuildError) || error.code !== "patch") throw error;
      await dropAlternate(made, index, next);
      const [first] = error.message.split("\n");
      notes.push(`Alternate ${describeBase(base)} is dropped from source.yaml. ${first?.replace(/:$/, "") ?? ""}.`);
    }
  }
  return notes;
}
