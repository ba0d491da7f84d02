import type { UpstreamPick } from "../config/pick.ts";
import type { Source } from "../config/source.ts";
import { BuildError, projectError, type FileProblem } from "../errors.ts";
import { pathsAt, shortId } from "../plan/picks.ts";
import { changesOf, readCommit, takeCommit, type PickConflict, type Taking } from "../sys/git-pick.ts";
import { showBytes } from "../sys/git-patch.ts";
import { tryGit, type GitOptions } from "../sys/git.ts";
import { readText } from "../sys/read-file.ts";
import type { Fetched } from "./mirror.ts";

/** A pick as it was taken: git's id of its change, and the tree after it. */
export interface TakenPick {
  readonly commit: string;
  readonly without: readonly string[];
  readonly patchId: string;
  readonly tree: string;
}

/**
 * Checks that each pick of a base can be taken: it is one change, the pin does not have it, each
 * path of `without` is one of its own, and something is left of it. Runs git on the repository of
 * `options`. Throws "project" with all problems, at their lines of source.yaml.
 */
export async function readPicks(source: Source, base: Fetched, options: GitOptions): Promise<readonly Taking[]> {
  const read = await Promise.all(base.picks.map(async (pick) => readPick(pick, base, options)));
  const wrong = read.flatMap(({ problems }) => problems);
  if (wrong.length === 0) return read.flatMap(({ taking }) => (taking === undefined ? [] : [taking]));
  const lines = await readLines(source);
  throw projectError(
    wrong.map(({ pick, path, message }) => ({ ...placeOf(lines, pick, path), file: shownFile(source), message })),
  );
}

interface Problem {
  readonly pick: UpstreamPick;
  /** The path of `without` that is wrong. */
  readonly path?: string;
  readonly message: string;
}

async function readPick(
  pick: UpstreamPick,
  { commit: pin }: Fetched,
  options: GitOptions,
): Promise<{ readonly problems: readonly Problem[]; readonly taking?: Taking }> {
  const name = `Pick \`${shortId(pick)}\``;
  const refuse = (message: string, path?: string) => ({ pick, message, ...(path === undefined ? {} : { path }) });
  const { commit, without } = pick;
  const { parents } = await readCommit(commit, options);
  const [parent] = parents;
  if (parent === undefined) return { problems: [refuse(`${name} has no parent, so it is not a change that can be taken.`)] };
  if (parents.length > 1)
    return { problems: [refuse(`${name} is a merge commit. Pick the commits that it merged, one by one.`)] };
  const ancestor = await tryGit(["merge-base", "--is-ancestor", commit, pin], options);
  if (ancestor.exitCode === 0)
    return { problems: [refuse(`${name} is an ancestor of the pinned commit, which has it already. Remove it.`)] };
  const changes = await changesOf(commit, parent, options);
  const paths = changes.map((change) => showBytes(change.path));
  const idle = without.filter((left) => pathsAt(left, paths).length === 0);
  if (idle.length > 0)
    return {
      problems: idle.map((left) =>
        refuse(`${name} does not change \`${left}\`. It changes ${paths.join(", ") || "nothing"}.`, left),
      ),
    };
  const left = new Set(without.flatMap((path) => pathsAt(path, paths)));
  const taken = changes.filter((change) => !left.has(showBytes(change.path)));
  if (taken.length === 0)
    return {
      problems: [refuse(`Nothing of pick \`${shortId(pick)}\` is left${without.length === 0 ? "" : " after `without`"}.`)],
    };
  return { problems: [], taking: { commit, parent, changes: taken } };
}

/**
 * Takes the picks of a base onto HEAD of a work tree, one commit each. Throws "project" like
 * `readPicks`, and "patch" when a pick does not apply, or changes nothing.
 */
export async function takePicks(source: Source, base: Fetched, options: GitOptions): Promise<readonly TakenPick[]> {
  const takings = await readPicks(source, base, options);
  const taken: TakenPick[] = [];
  for (const [index, pick] of base.picks.entries()) {
    const taking = takings[index];
    if (taking === undefined) continue;
    const { commit, without } = pick;
    options.host.task.say(`pick ${index + 1} of ${base.picks.length}`);
    const made = await takeCommit(taking, options);
    if (made === undefined || "conflicts" in made) throw await explainFailure(source, pick, index, made);
    taken.push({ commit, without, patchId: made.patchId, tree: made.tree });
  }
  return taken;
}

const causes: Readonly<Record<PickConflict["kind"], string>> = {
  content: "the tree has other lines here",
  missing: "the tree does not have this file",
  exists: "the tree has another file of this name",
  kept: "the tree has another version of this file, which the pick deletes",
};

/** The error for a pick that does not apply, or that changes nothing. */
async function explainFailure(
  source: Source,
  pick: UpstreamPick,
  index: number,
  failed: { readonly conflicts: readonly PickConflict[]; readonly output: string } | undefined,
): Promise<BuildError> {
  const name = `Pick \`${shortId(pick)}\` (${index + 1} of ${source.picks.length} of \`${source.name}\`)`;
  const { line } = placeOf(await readLines(source), pick);
  const at = (message: string) => ({ file: source.path, line, message });
  if (failed === undefined) {
    const message = `${name} changes nothing: the pin or an earlier pick has this change already.`;
    return new BuildError("patch", message, { at: [at(message)], hint: `remove the pick from ${shownFile(source)}` });
  }
  const paths = failed.conflicts.map(({ path }) => showBytes(path));
  const rows = failed.conflicts.map(({ kind }, row) => `  ${paths[row]}: ${causes[kind]}`);
  const message = `${name} does not apply:\n${rows.join("\n") || failed.output}`;
  const without = [...pick.without, ...paths];
  return new BuildError("patch", message, {
    at: [at(message)],
    hint: `\`without: [${without.join(", ")}]\` in ${shownFile(source)} if no package is built from ${paths.length === 1 ? "it" : "them"}; else write a patch of your own instead of the pick`,
  });
}

function shownFile({ line, name }: Source): string {
  return `patches/${line}/${name}/source.yaml`;
}

async function readLines({ path }: Source): Promise<readonly string[]> {
  return (await readText(path, "a project file").catch(() => "")).split("\n");
}

/** Where a pick, or a path of its `without`, is in the lines of source.yaml. */
function placeOf(lines: readonly string[], { commit }: UpstreamPick, path?: string): Pick<FileProblem, "line" | "column"> {
  const first = Math.max(
    lines.findIndex((line) => line.includes(commit)),
    0,
  );
  const found = path === undefined ? -1 : lines.findIndex((line, index) => index >= first && line.includes(path));
  const line = found < 0 ? first : found;
  return { line: line + 1, column: Math.max(lines[line]?.indexOf(found < 0 ? commit : (path ?? "")) ?? 0, 0) + 1 };
}
