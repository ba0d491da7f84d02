import { printable } from "../../sys/printable.ts";
import { count } from "../../sys/text.ts";
import type { Finished, Progress } from "./rebase.ts";
import { showDistance, showPlace } from "./show.ts";
import type { RebaseState } from "./state.ts";

/** What became of each patch so far, by its name. */
type Results = Readonly<Record<string, string>>;

const results: Readonly<Record<RebaseState["moved"][number]["result"], string>> = {
  moved: "moved",
  resolved: "resolved",
  upstream: "dropped: already upstream",
  empty: "dropped: nothing of it is left",
  skipped: "dropped: skipped",
};

/** An unfinished rebase for people: each patch, the files that wait, what to type. */
export function showProgress({ state, tree, files }: Progress): string {
  const { source, line, onto, stopped, moved } = state;
  const patches = state.tree?.patches ?? [];
  const rows: Results = Object.fromEntries([
    ...patches.map(({ name }) => [name, "waits"]),
    ...moved.map(({ name, result }) => [name, results[result]]),
    ...(stopped === undefined ? [] : [[stopped, "conflicts"]]),
  ]);
  const own = Object.entries(rows).map(([name, what]) => [name, `${what}${wasPick(name, state)}`] as const);
  const go = (option: string) => `  kovn-build patches rebase ${source} ${option} --line ${line}`;
  const done =
    state.tree === undefined ? "its work tree is not made yet" : `${moved.length} of ${count(patches.length, "patch")} done`;
  const head = `${source}: rebase onto ${onto.name} (${onto.commit.slice(0, 12)}), ${done}`;
  const left =
    stopped === undefined ? [] : [`conflicts of ${stopped} in ${tree}`, ...files.map((file) => `  ${printable(file)}`)];
  const since = `${state.tree?.picture.from.commit.slice(0, 12)}..${onto.commit.slice(0, 12)}`;
  const resolve = [
    `  git -C ${tree} log -p ${since} -- FILE  shows what upstream changed`,
    `  git -C ${tree} add FILES`,
    go("--continue"),
    `${go("--skip")}  drops it`,
  ];
  const what = stopped === undefined ? [go("--continue")] : resolve;
  return text([head, "", ...showRows(Object.fromEntries(own)), "", ...left, ...what, `${go("--abort")}  ends the rebase`]);
}

/** A finished rebase for people: what moved, what became of each pick and patch, and how patches changed. */
export function showFinished({ state, locked, rangeDiff }: Finished): string {
  const { source, written, tree, moved } = state;
  if (tree === undefined || written === undefined) return "";
  const { from, onto, picks } = tree.picture;
  const rows: Results = Object.fromEntries(
    moved.map(({ name, result }) => {
      const change = written.changes[name];
      const what = change === "unchanged" || result === "moved" ? (change ?? "") : results[result];
      return [name, `${what}${wasPick(name, state)}`];
    }),
  );
  const dropped = picks.filter(({ status }) => status === "upstream");
  return text([
    `${source}: ${showPlace(from)} to ${showPlace(onto)}, revision ${written.revision}${locked ? ", locked" : ""}`,
    ...showDistance(tree.picture),
    "",
    ...dropped.map(({ commit, why }) => `  pick ${commit.slice(0, 12)} (${printable(why)}) is dropped: already upstream`),
    ...showRows(rows),
    ...written.merged.map((seed) => `  entry ${seed} of the seed is merged upstream`),
    ...(rangeDiff === "" ? [] : ["", ...rangeDiff.split("\n").map(printable)]),
  ]);
}

/** What to add to a patch that a pick becomes. */
function wasPick(name: string, { tree }: RebaseState): string {
  const pick = tree?.patches.find((patch) => patch.name === name)?.pick;
  return pick === undefined ? "" : ` (pick ${pick.slice(0, 12)})`;
}

function showRows(rows: Results): readonly string[] {
  const width = Math.max(0, ...Object.keys(rows).map((name) => name.length));
  return Object.entries(rows).map(([name, what], index) => `  ${String(index + 1).padStart(3)}  ${name.padEnd(width)}  ${what}`);
}

function text(rows: readonly string[]): string {
  return `${rows.map((row) => row.trimEnd()).join("\n")}\n`;
}

/** An unfinished rebase as data. */
export function progressData({ state, tree, files }: Progress): Readonly<Record<string, unknown>> {
  const { line, source, onto, moved, stopped } = state;
  const patches = state.tree?.patches ?? [];
  const left = patches.slice(moved.length).map(({ name }) => name);
  const of = patches.find(({ name }) => name === stopped)?.pick;
  const pick = of === undefined ? {} : { pick: of };
  return {
    line,
    source,
    onto,
    finished: false,
    moved,
    left,
    ...(stopped === undefined ? {} : { stopped, ...pick, files, tree }),
  };
}

/** A finished rebase as data. */
export function finishedData({ state, locked, rangeDiff }: Finished): Readonly<Record<string, unknown>> {
  const { line, source, onto, moved, written, tree } = state;
  const { digest: _, ...rest } = written ?? { digest: "" };
  return { line, source, onto, finished: true, moved, picks: tree?.picture.picks ?? [], ...rest, locked, rangeDiff };
}
