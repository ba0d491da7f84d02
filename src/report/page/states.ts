import { html, type Html } from "./html.ts";
import type { JobState, Run, RunTask } from "./run.ts";
import type { PatchState } from "./patches.ts";

type State = JobState | PatchState | RunTask["outcome"] | Run["state"];

const colors: Readonly<Partial<Record<State, string>>> = {
  built: "built",
  done: "built",
  applied: "built",
  failed: "failed",
  stopped: "stopped",
  recovered: "stopped",
  killed: "stopped",
  cached: "cached",
  running: "running",
};

/** A state in its color. */
export function showState(state: State, run: Pick<Run, "state">): Html {
  return html`<span class="state ${colorOf(state, run)}">${wordOf(state, run)}</span>`;
}

/** The class of a state in the style sheet. */
export function colorOf(state: State, run: Pick<Run, "state">): string {
  return colors[wordOf(state, run)] ?? "dim";
}

/** Unfinished work is still running, or was killed with its run. */
function wordOf(state: State, run: Pick<Run, "state">): State {
  return state === "unfinished" ? (run.state === "running" ? "running" : "killed") : state;
}
