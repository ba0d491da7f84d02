import { git } from "../../sys/git.ts";
import type { Host } from "../../sys/exec.ts";
import { runTask } from "../../sys/run-task.ts";
import { moveOne } from "./move-one.ts";
import { clearGitLocks, treeOf, writeState, type MovedPatch, type RebaseState } from "./state.ts";

/** The part of a state that says how far patches are moved. A rebase and an edit have it. */
export type Moving = Pick<RebaseState, "moved" | "stopped" | "taking">;

/** The patches that are moved, in order, and the commit that they are moved onto. `pick` is that of a pick. */
export interface ToMove {
  readonly below: string;
  readonly patches: readonly { readonly name: string; readonly commit: string; readonly pick?: string }[];
}

/** The commit that the next patch is moved onto. */
export function headOf({ moved }: Moving, { below }: ToMove): string {
  return moved.findLast(({ commit }) => commit !== undefined)?.commit ?? below;
}

export interface AdvanceOptions {
  readonly host: Host;
  /** What is done, for the person who watches. */
  readonly title: string;
  /** True for a patch that upstream has. */
  readonly isUpstream?: (name: string) => boolean;
}

/**
 * Moves the patches that are left, and writes the state after each, so that the next run goes on
 * where this one was killed. Returns when all are moved, or one waits for a person.
 */
export async function advance<State extends Moving>(
  state: State,
  toMove: ToMove,
  folder: string,
  { host, title, isUpstream = () => false }: AdvanceOptions,
): Promise<State> {
  return runTask(host, title, async (below) => {
    const options = { host: below, cwd: treeOf(folder) };
    await clearGitLocks(folder);
    let now = state;
    for (const { name, commit, pick } of toMove.patches.slice(state.moved.length)) {
      below.task.say(`patch ${now.moved.length + 1} of ${toMove.patches.length}`);
      const move = async () => moveOne(commit, headOf(now, toMove), pick === undefined ? "ort" : "resolve", options);
      const one = isUpstream(name) ? ({ result: "upstream" } as const) : await move();
      if (one.result === "stopped") {
        const stopped = { ...now, stopped: name };
        await writeState(folder, stopped);
        return stopped;
      }
      now = await addMoved(now, { name, ...one }, folder);
    }
    await git(["reset", "--quiet", "--hard", headOf(now, toMove)], options);
    return now;
  });
}

/** Notes what became of the next patch. */
export async function addMoved<State extends Moving>(state: State, moved: MovedPatch, folder: string): Promise<State> {
  const { stopped: _, taking: _taking, ...rest } = state;
  const now = { ...rest, moved: [...state.moved, moved] } as unknown as State;
  await writeState(folder, now);
  return now;
}
