import { git } from "../../sys/git.ts";
import { runTask } from "../../sys/run-task.ts";
import { count } from "../../sys/text.ts";
import type { RebaseContext } from "./context.ts";
import { moveOne } from "./move-one.ts";
import { clearGitLocks, treeOf, writeState, type MovedPatch, type RebaseState, type RebaseTree } from "./state.ts";

/** The commit that the next patch is moved onto. */
export function headOf({ moved }: RebaseState, { below }: RebaseTree): string {
  return moved.findLast(({ commit }) => commit !== undefined)?.commit ?? below;
}

/**
 * Moves the patches that are left, and writes the state after each, so that the next run goes on
 * where this one was killed. Returns when all are moved, or one waits for a person.
 */
export async function advance(
  state: RebaseState,
  tree: RebaseTree,
  folder: string,
  { host }: RebaseContext,
): Promise<RebaseState> {
  const left = tree.patches.length - state.moved.length;
  return runTask(host, `move ${count(left, "patch")} to ${state.onto.commit.slice(0, 12)}`, async (below) => {
    const options = { host: below, cwd: treeOf(folder) };
    await clearGitLocks(folder);
    let now = state;
    for (const { name, commit, pick } of tree.patches.slice(state.moved.length)) {
      below.task.say(`patch ${now.moved.length + 1} of ${tree.patches.length}`);
      const isUpstream = tree.picture.patches.find((row) => row.name === name)?.status === "upstream";
      const move = async () => moveOne(commit, headOf(now, tree), pick === undefined ? "ort" : "resolve", options);
      const one = isUpstream ? ({ result: "upstream" } as const) : await move();
      if (one.result === "stopped") {
        const stopped = { ...now, stopped: name };
        await writeState(folder, stopped);
        return stopped;
      }
      now = await addMoved(now, { name, ...one }, folder);
    }
    await git(["reset", "--quiet", "--hard", headOf(now, tree)], options);
    return now;
  });
}

/** Notes what became of the next patch. */
export async function addMoved(state: RebaseState, moved: MovedPatch, folder: string): Promise<RebaseState> {
  const { stopped: _, taking: _taking, ...rest } = state;
  const now = { ...rest, moved: [...state.moved, moved] };
  await writeState(folder, now);
  return now;
}
