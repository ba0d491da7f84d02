import { mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Patch } from "../../config/patch.ts";
import { readSeed } from "../../config/seed.ts";
import type { Source } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { baseId, pinOf } from "../../plan/base.ts";
import { git, type GitOptions } from "../../sys/git.ts";
import { runTask } from "../../sys/run-task.ts";
import { withScratch } from "../../sys/with-scratch.ts";
import type { Change, ChangeRow } from "../change/change.ts";
import { prepareChange, writeChange } from "../change/change-source.ts";
import type { Preview } from "../change/preview.ts";
import { withReady, type ChangeContext } from "../change/ready.ts";
import { allPatches } from "../find-patch.ts";
import { listsWith } from "../lists.ts";
import { namePatches } from "../name-patches.ts";
import { openScratch } from "../read-back.ts";
import { digestOf } from "../rebase/digest.ts";
import { treeOf, writeState } from "../rebase/state.ts";
import { writePatch, type WriteOptions } from "../write-patch.ts";
import { partsOf, type EditState, type EditTree } from "./state.ts";

/** A commit of the edited tree, the name of its file, and the patch that it was before. */
interface NamedCommit {
  readonly id: string;
  readonly name: string;
  readonly old: Patch | undefined;
}

/**
 * Writes an edited series, once it made the tree again, strictly. Returns what was written;
 * undefined if it is the series as it was. Throws "usage" if the source changed meanwhile.
 */
export async function writeEdited(
  state: EditState,
  tree: EditTree,
  folder: string,
  context: ChangeContext,
  show: (preview: Preview) => void,
): Promise<Preview | undefined> {
  const { project, name, host } = context;
  return withReady(
    context,
    async (ready) => {
      if ((await digestOf(ready.dir)) !== state.before) throw changedMeanwhile(ready.shown, state, treeOf(folder));
      return runTask(host, `write ${name} and apply it again`, async (below) =>
        withScratch(project.work, "edit", below, async (scratch) => {
          const own = { ...context, host: below };
          const change = await changeOf(state, tree, folder, ready.source, scratch, own);
          if (change === undefined) return undefined;
          const prepared = await prepareChange(change, ready, scratch, own);
          const { made, locked, next, preview } = prepared;
          const wanted = await git(["rev-parse", "HEAD^{tree}"], { host: below, cwd: treeOf(folder) });
          const base = locked?.bases[baseId(pinOf(made))];
          if ((base?.packaged ?? base)?.tree !== wanted)
            throw new BuildError(
              "patch",
              `The new series of \`${name}\` makes another tree than ${treeOf(folder)}, so it is not written.`,
            );
          show(preview);
          await writeState(folder, { ...state, written: await digestOf(next) });
          await writeChange(prepared, ready, own);
          return preview;
        }),
      );
    },
    "edit",
  );
}

/** Throws "usage" if what the person made of the patch cannot be written as patches. */
export async function assertWritable(state: EditState, tree: EditTree, folder: string, source: Source, context: ChangeContext) {
  await withScratch(context.project.work, "edit", context.host, async (scratch) => {
    const options = await openWriter(folder, scratch, source, context);
    for (const { id, name, old } of await nameEdited(state, tree, source, options.git)) {
      const written = await writePatch(id, name, old, options);
      if (written.kind !== "refused") continue;
      const dir = treeOf(folder);
      throw new BuildError("usage", `Commit ${id.slice(0, 12)} in ${dir} cannot be written as a patch: ${written.why}.`, {
        hint: `git -C ${dir} commit --amend, then kovn-build patches edit ${state.source} --continue --line ${state.line}`,
      });
    }
  });
}

async function openWriter(
  folder: string,
  scratch: string,
  { fields }: Source,
  { project, host }: ChangeContext,
): Promise<WriteOptions> {
  const mails = join(scratch, "mails");
  await mkdir(join(mails, "packaging"), { recursive: true });
  const seed = (await readSeed(project)).map((entry) => entry.commit);
  return { seed, mails, fields, git: await openScratch(treeOf(folder), join(scratch, "written"), host) };
}

/** The change that an edit makes; undefined if it makes none. */
async function changeOf(
  state: EditState,
  tree: EditTree,
  folder: string,
  source: Source,
  scratch: string,
  context: ChangeContext,
): Promise<Change | undefined> {
  const options = await openWriter(folder, scratch, source, context);
  const { earlier } = partsOf(state, tree);
  const all = allPatches(source);
  const oldOf = (name: string) => all.find((patch) => patch.name === name);
  const moved = state.moved.flatMap(({ name, commit }) => (commit === undefined ? [] : [{ id: commit, name, old: oldOf(name) }]));
  const commits = [...(await nameEdited(state, tree, source, options.git)), ...moved];
  const mails = new Map<string, Buffer>();
  const rows: ChangeRow[] = [];
  for (const [index, { id, name, old }] of commits.entries()) {
    context.host.task.say(`patch ${index + 1} of ${commits.length}`);
    const written = await writePatch(id, name, old, options);
    if (written.kind === "refused") throw new BuildError("usage", `Patch \`${name}\` cannot be written: ${written.why}.`);
    if (written.kind !== "mail") continue;
    mails.set(name, written.mail);
    rows.push({ name, change: old === undefined ? "added" : "changed" });
  }
  const names = [...earlier, ...commits].map(({ name }) => name);
  const gone = tree.patches.flatMap(({ name }) => (names.includes(name) ? [] : (oldOf(name) ?? [])));
  if (mails.size === 0 && gone.length === 0) return undefined;
  return {
    lists: listsWith(names, source),
    gone,
    mails,
    rows: [...rows, ...gone.map(({ name }) => ({ name, change: "dropped" as const }))],
    refusal: {
      message: `With patch \`${state.patch}\` as you changed it, the series of \`${source.name}\` does not apply, so nothing is written.`,
      hint: `change it in ${treeOf(folder)}, then kovn-build patches edit ${source.name} --continue --line ${source.line}, or with --abort instead`,
    },
  };
}

/** The commits that the person made of the patch, with names. The first one is the patch if none is like it. */
async function nameEdited(
  state: EditState,
  tree: EditTree,
  source: Source,
  options: GitOptions,
): Promise<readonly NamedCommit[]> {
  const { parent } = partsOf(state, tree);
  const ids = (await git(["rev-list", "--reverse", `${parent}..${state.head ?? "HEAD"}`], options)).split("\n").filter(Boolean);
  const all = allPatches(source);
  const own = all.find(({ name }) => name === state.patch);
  if (own === undefined) throw new Error(`no patch ${state.patch}`);
  const folder = dirname(own.name);
  const inFolder = (name: string) => (folder === "." ? name : join(folder, name));
  const taken = all.flatMap(({ name }) => (dirname(name) === folder ? [basename(name)] : []));
  const named = await namePatches(ids, [own], options, taken);
  const isFound = named.some(({ old }) => old !== undefined);
  return named.map(({ id, name, old }, index) => {
    if (old !== undefined || (!isFound && index === 0)) return { id, name: own.name, old: own };
    return { id, name: inFolder(name), old: undefined };
  });
}

function changedMeanwhile(shown: string, { source, line }: EditState, tree: string): BuildError {
  return new BuildError("usage", `${shown} changed since the edit began, and would be replaced.`, {
    hint: `kovn-build patches apply ${source} DIR --line ${line}, then bring your commits there: git -C DIR fetch ${tree} HEAD, git -C DIR cherry-pick COMMITS; kovn-build patches edit ${source} --abort --line ${line}`,
  });
}
