import { dirname } from "node:path";
import { readSource } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { exists } from "../../sys/files.ts";
import { git } from "../../sys/git.ts";
import { makeFolders } from "../../sys/sync.ts";
import { count } from "../../sys/text.ts";
import { lockBeside, withLock } from "../../sys/with-lock.ts";
import type { Preview } from "../change/preview.ts";
import type { ChangeContext } from "../change/ready.ts";
import { advance } from "../rebase/advance.ts";
import { digestOf } from "../rebase/digest.ts";
import { unmergedFiles } from "../rebase/move-one.ts";
import { relock } from "../rebase/relock.ts";
import { clearGitLocks, endRebase, treeOf, writeState } from "../rebase/state.ts";
import { takeStopped } from "../rebase/take-stopped.ts";
import { withSeriesLock } from "../series-lock.ts";
import { beginEdit } from "./begin.ts";
import { editFolder, partsOf, readEdit, type EditState, type EditTree } from "./state.ts";
import { isUntouched, takeEdited } from "./take.ts";
import { assertWritable, writeEdited } from "./write.ts";

/** An edit that waits for a person. */
export interface OpenEdit {
  readonly state: EditState;
  /** The work tree. */
  readonly tree: string;
  /** The place of the patch among `of`, from 1. */
  readonly place: number;
  readonly of: number;
}

/** How an edit ended, or the patch that waits for a person because it conflicts with what they made. */
export type EditEnd =
  | { readonly kind: "written"; readonly preview: Preview }
  /** All was written by a run that was killed after that. */
  | { readonly kind: "was-written" | "unchanged"; readonly patch: string }
  | {
      readonly kind: "stopped";
      readonly patch: string;
      readonly edited: string;
      readonly tree: string;
      readonly files: readonly string[];
    };

/** Opens the patched tree at a patch, for a person to work in. Throws "usage" over an unfinished edit. */
export async function openEdit(asked: string, context: ChangeContext): Promise<OpenEdit> {
  return withEditLock(context, async (folder) => {
    const state = await beginEdit(asked, folder, context);
    const patches = state.tree?.patches ?? [];
    const place = patches.findIndex(({ name }) => name === state.patch) + 1;
    return { state, tree: treeOf(folder), place, of: patches.length };
  });
}

/**
 * Takes what the person made of the patch, puts the later patches on top, and writes the series. Can
 * be killed at any moment: the next call goes on. Throws "usage" when the person is not done.
 */
export async function finishEdit(
  context: ChangeContext,
  { skip, show }: { readonly skip: boolean; readonly show: (preview: Preview) => void },
): Promise<EditEnd> {
  return withEditLock(context, async (folder) => {
    const state = await goOn(context);
    const { patch, source, line, tree } = state;
    const own = withPlace(state, context);
    if (await isWritten(state, context)) {
      await relock(own);
      await endRebase(folder);
      return { kind: "was-written", patch };
    }
    if (tree === undefined) {
      await endRebase(folder);
      throw new BuildError("usage", `The edit of \`${patch}\` was killed before its tree was complete.`, {
        hint: `kovn-build patches edit ${source} ${patch} --line ${line}`,
      });
    }
    if (!(await exists(treeOf(folder))))
      throw new BuildError("usage", `The work tree of the edit is gone: ${treeOf(folder)}.`, {
        hint: `kovn-build patches edit ${source} --abort --line ${line}, then begin it again`,
      });
    const options = { host: context.host, cwd: treeOf(folder) };
    if (state.head === undefined && (await isUntouched(state, tree, options))) {
      await endRebase(folder);
      return { kind: "unchanged", patch };
    }
    const taken = state.head === undefined ? await take(state, tree, folder, own) : state;
    const later = { below: taken.head ?? "", patches: partsOf(state, tree).later };
    const command = (option: string) => `kovn-build patches edit ${source} ${option} --line ${line}`;
    const ready = await takeStopped(taken, later, folder, { skip, command, git: options });
    const title = `put ${count(later.patches.length - ready.moved.length, "patch")} on top`;
    const now = await advance(ready, later, folder, { host: context.host, title });
    if (now.stopped !== undefined)
      return { kind: "stopped", patch: now.stopped, edited: patch, tree: treeOf(folder), files: await unmergedFiles(options) };
    const preview = await writeEdited(now, tree, folder, own, show).catch(async (error: unknown) => {
      // The person changes it again, and what git remembers moves the later patches again.
      if (error instanceof BuildError && error.code === "patch") await reopen(now, folder, own);
      throw error;
    });
    await endRebase(folder);
    return preview === undefined ? { kind: "unchanged", patch } : { kind: "written", preview };
  });
}

/** Ends an unfinished edit; the source stays as it was. Throws "usage" if there is none, or if it is written. */
export async function abortEdit(context: ChangeContext): Promise<EditState> {
  return withEditLock(context, async (folder) => {
    const state = await goOn(context);
    if (await isWritten(state, context))
      throw new BuildError("usage", `The edit of \`${state.patch}\` is written already; only its end is missing.`, {
        hint: `kovn-build patches edit ${state.source} --continue --line ${state.line}`,
      });
    await endRebase(folder);
    return state;
  });
}

/** Ends an edit in which nothing was changed. Returns false, and keeps the tree, if something was. */
export async function endUntouched({ state }: OpenEdit, context: ChangeContext): Promise<boolean> {
  return withEditLock(context, async (folder) => {
    const { tree } = state;
    if (tree === undefined || !(await isUntouched(state, tree, { host: context.host, cwd: treeOf(folder) }))) return false;
    await endRebase(folder);
    return true;
  });
}

async function withEditLock<T>(context: ChangeContext, work: (folder: string) => Promise<T>): Promise<T> {
  const { project, line, name, host } = context;
  const folder = editFolder(project, line, name);
  await makeFolders(dirname(folder));
  return withLock(lockBeside(folder), { host, other: `is editing ${name}` }, async () => work(folder));
}

async function goOn({ project, line, name }: ChangeContext): Promise<EditState> {
  const state = await readEdit(project, line, name);
  if (state !== undefined) return state;
  throw new BuildError("usage", `No edit of \`${name}\` is unfinished.`, {
    hint: `kovn-build patches edit ${name} PATCH --line ${line}`,
  });
}

/** With the repository that the edit began with, if the person names none. */
function withPlace({ from: began }: EditState, context: ChangeContext): ChangeContext {
  const { from, name } = context;
  const place = from.repositories[name] ?? began;
  return place === undefined ? context : { ...context, from: { ...from, repositories: { ...from.repositories, [name]: place } } };
}

async function isWritten({ written }: EditState, { project, line, name, host }: ChangeContext): Promise<boolean> {
  return written !== undefined && (await withSeriesLock(line, name, project, host, digestOf)) === written;
}

async function take(state: EditState, tree: EditTree, folder: string, context: ChangeContext): Promise<EditState> {
  const { project, line, name, host } = context;
  const { taking, ...rest } = state;
  // Of a run that was killed here.
  if (taking === true) await clearGitLocks(folder);
  await writeState(folder, { ...rest, taking: true });
  try {
    const taken = { ...rest, head: await takeEdited(rest, tree, treeOf(folder), { host, cwd: treeOf(folder) }) };
    await assertWritable(taken, tree, folder, await readSource(project, line, name, host), context);
    await writeState(folder, taken);
    return taken;
  } catch (error) {
    if (error instanceof BuildError) await writeState(folder, rest);
    throw error;
  }
}

async function reopen({ head, ...state }: EditState, folder: string, { host }: ChangeContext): Promise<void> {
  await git(["reset", "--quiet", "--hard", head ?? "HEAD"], { host, cwd: treeOf(folder) });
  await writeState(folder, { ...state, moved: [] });
}
