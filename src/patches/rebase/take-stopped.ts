import { BuildError } from "../../errors.ts";
import type { GitOptions } from "../../sys/git.ts";
import { addMoved, headOf, type Moving, type ToMove } from "./advance.ts";
import { takeResolution } from "./resolution.ts";
import { clearGitLocks, treeOf, writeState } from "./state.ts";

export interface TakeOptions {
  /** True to drop the patch that waits. */
  readonly skip: boolean;
  /** The command to type with an option, such as `--continue`. */
  readonly command: (option: string) => string;
  readonly git: GitOptions;
}

/**
 * Takes what a person made of the patch that waits, or drops it. Throws "usage" when it is not
 * complete, or when there is nothing to drop.
 */
export async function takeStopped<State extends Moving>(
  state: State,
  toMove: ToMove,
  folder: string,
  { skip, command, git: options }: TakeOptions,
): Promise<State> {
  const { stopped: name } = state;
  if (name === undefined && skip)
    throw new BuildError("usage", "No patch waits for you, so none can be skipped.", { hint: command("--continue") });
  const old = toMove.patches.find((patch) => patch.name === name);
  if (name === undefined || old === undefined) return state;
  if (skip) return addMoved(state, { name, result: "skipped" }, folder);
  if (state.taking === true) await clearGitLocks(folder);
  await writeState(folder, { ...state, taking: true });
  const resolved = { name, commit: old.commit, head: headOf(state, toMove), tree: treeOf(folder), command };
  const commit = await takeResolution(resolved, options).catch(async (error: unknown) => {
    const { taking: _, ...rest } = state;
    if (error instanceof BuildError) await writeState(folder, rest);
    throw error;
  });
  return addMoved(state, { name, result: "resolved", commit }, folder);
}
