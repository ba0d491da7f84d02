import { BuildError } from "../../errors.ts";
import { git, type GitOptions } from "../../sys/git.ts";
import { count } from "../../sys/text.ts";
import { advance } from "./advance.ts";
import { beginRebase, makeTree } from "./begin.ts";
import type { RebaseContext } from "./context.ts";
import { isWritten, writeRebased } from "./finish.ts";
import { folderOf, withRebaseLock } from "./lock.ts";
import { unmergedFiles } from "./move-one.ts";
import { relock } from "./relock.ts";
import { assertTree, endRebase, readState, treeOf, type RebaseState, type RebaseTree } from "./state.ts";
import { takeStopped } from "./take-stopped.ts";

/** What a person asks of a rebase: to begin it, or to go on with an unfinished one. */
export type RebaseRequest = { readonly kind: "begin"; readonly onto: string } | { readonly kind: "continue" | "skip" };

/** How far a rebase is. */
export interface Progress {
  readonly state: RebaseState;
  readonly tree: string;
  /** The files that wait for a person. */
  readonly files: readonly string[];
}

/** A finished rebase. */
export interface Finished {
  readonly state: RebaseState;
  readonly locked: boolean;
  /** git-range-diff(1) of each patch that changed. */
  readonly rangeDiff: string;
}

/**
 * Begins a rebase or goes on with it, until it is finished or a patch waits for a person. Can be
 * killed at any moment: the next call goes on. Throws "usage" if there is nothing to go on with, or
 * the person has not resolved the patch that waits.
 */
export async function rebase(request: RebaseRequest, context: RebaseContext): Promise<Progress | Finished> {
  return withRebaseLock(context, async (folder) => {
    const begun = request.kind === "begin" ? await beginRebase(request.onto, folder, context) : await goOn(folder, context);
    const { from, name } = context;
    const place = from.repositories[name] ?? begun.from;
    const own = {
      ...context,
      from: place === undefined ? from : { ...from, repositories: { ...from.repositories, [name]: place } },
    };
    const state = begun.tree === undefined ? await makeOrForget(begun, folder, own, request) : begun;
    const { tree } = state;
    if (tree === undefined) throw new Error("the tree was not made");
    await assertTree(state, folder);
    const options = { host: context.host, cwd: treeOf(folder) };
    const command = (option: string) => `kovn-build patches rebase ${name} ${option} --line ${context.line}`;
    const ready = await takeStopped(state, tree, folder, { skip: request.kind === "skip", command, git: options });
    const now = ready.written === undefined ? await moveLeft(ready, tree, folder, own) : ready;
    if (now.stopped !== undefined) return { state: now, tree: treeOf(folder), files: await unmergedFiles(options) };
    const written = await writeRebased(now, tree, folder, own);
    const locked = await relock(own);
    const rangeDiff = await comparePatches(written, tree, options);
    await endRebase(folder);
    return { state: written, locked, rangeDiff };
  });
}

/** Reads how far the rebase of a source is; undefined if none is unfinished. Throws "usage" if its work tree is gone. */
export async function readProgress(context: RebaseContext): Promise<Progress | undefined> {
  const folder = folderOf(context);
  const state = await readState(folder);
  if (state === undefined) return undefined;
  await assertTree(state, folder);
  const tree = treeOf(folder);
  const files = state.stopped === undefined ? [] : await unmergedFiles({ host: context.host, cwd: tree });
  return { state, tree, files };
}

/** Ends an unfinished rebase; the source stays as it was. Throws "usage" if there is none. */
export async function abortRebase(context: RebaseContext): Promise<RebaseState> {
  return withRebaseLock(context, async (folder) => {
    const state = await goOn(folder, context);
    if (await isWritten(state, context))
      throw new BuildError("usage", `The rebase of \`${context.name}\` is written already; only its end is missing.`, {
        hint: `kovn-build patches rebase ${context.name} --continue --line ${context.line}`,
      });
    await endRebase(folder);
    return state;
  });
}

async function goOn(folder: string, { name, line }: RebaseContext): Promise<RebaseState> {
  const state = await readState(folder);
  if (state !== undefined) return state;
  throw new BuildError("usage", `No rebase of \`${name}\` is unfinished.`, {
    hint: `kovn-build patches rebase ${name} --onto BRANCH --line ${line}`,
  });
}

/** Makes the tree; a rebase that cannot begin leaves nothing. */
async function makeOrForget(
  state: RebaseState,
  folder: string,
  context: RebaseContext,
  { kind }: RebaseRequest,
): Promise<RebaseState> {
  try {
    return await makeTree(state, folder, context);
  } catch (error) {
    if (kind === "begin" && error instanceof BuildError) await endRebase(folder);
    throw error;
  }
}

async function moveLeft(state: RebaseState, tree: RebaseTree, folder: string, { host }: RebaseContext): Promise<RebaseState> {
  const left = tree.patches.length - state.moved.length;
  const title = `move ${count(left, "patch")} to ${state.onto.commit.slice(0, 12)}`;
  const isUpstream = (name: string) => tree.picture.patches.find((row) => row.name === name)?.status === "upstream";
  return advance(state, tree, folder, { host, title, isUpstream });
}

/** Compares each patch that changed with what it was. */
async function comparePatches({ moved, written }: RebaseState, tree: RebaseTree, options: GitOptions): Promise<string> {
  const found: string[] = [];
  for (const { name, commit } of moved) {
    const old = tree.patches.find((patch) => patch.name === name);
    if (commit === undefined || old === undefined || written?.changes[name] !== "changed") continue;
    // Pairs the two however little they have in common.
    const pair = [old.commit, commit].map((id) => `${id}^..${id}`);
    found.push(await git(["range-diff", "--no-color", "--creation-factor=1000", ...pair], options));
  }
  return found.join("\n");
}
