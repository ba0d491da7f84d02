import { BuildError } from "../../errors.ts";
import { packagingOf, pinOf } from "../../plan/base.ts";
import { urlOf } from "../../sys/credentials.ts";
import { git } from "../../sys/git.ts";
import { runTask } from "../../sys/run-task.ts";
import { checkoutPatched, describeWork } from "../apply.ts";
import { findPatch } from "../find-patch.ts";
import { fetchBase, probeBase } from "../mirror.ts";
import { withReady, type ChangeContext } from "../change/ready.ts";
import { digestOf } from "../rebase/digest.ts";
import { endRebase, prepareFolder, treeOf, writeState } from "../rebase/state.ts";
import { prepareWorkTree } from "../rebase/work-tree.ts";
import type { EditState } from "./state.ts";

/**
 * Begins the edit of a patch: makes the patched tree of the pin in the folder, with the patch as
 * HEAD. Throws "usage" and "network", and then leaves nothing.
 */
export async function beginEdit(asked: string, folder: string, context: ChangeContext): Promise<EditState> {
  const { project, line, name, from, host } = context;
  const { source, before } = await withReady(context, async ({ source: read, dir }) => ({
    source: read,
    before: await digestOf(dir),
  }));
  const base = pinOf(source, from);
  const packaging = packagingOf(source, base);
  const all = [...source.patches, ...packaging];
  const patch = findPatch(asked, source, all);
  const place = from.repositories[name];
  const state: EditState = {
    schema: 1,
    line,
    source: name,
    patch: patch.name,
    ...(place === undefined ? {} : { from: urlOf(place) }),
    before,
    moved: [],
  };
  await probeBase(base, { work: project.work, refreshApt: false, host });
  const fetched = await fetchBase(base, { work: project.work, host });
  await prepareFolder(folder);
  await writeState(folder, state);
  try {
    const tree = treeOf(folder);
    const patched = await runTask(host, `apply ${describeWork(source, fetched, packaging)}`, async (below) =>
      checkoutPatched(source, fetched, tree, below, packaging),
    );
    await prepareWorkTree(folder, source, from, host);
    const options = { host, cwd: tree };
    const commits = (await git(["rev-list", "--reverse", `${patched.below}..HEAD`], options)).split("\n");
    await git(["reset", "--quiet", "--hard", commits[all.indexOf(patch)] ?? ""], options);
    const patches = all.map((one, index) => ({ name: one.name, commit: commits[index] ?? "" }));
    const made = { ...state, tree: { below: patched.below, patches } };
    await writeState(folder, made);
    return made;
  } catch (error) {
    if (error instanceof BuildError) await endRebase(folder);
    throw error;
  }
}
