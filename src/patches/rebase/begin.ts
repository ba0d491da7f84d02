import { join } from "node:path";
import { readSource, type Source } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { pinOf, placeOf } from "../../plan/base.ts";
import { shortId } from "../../plan/picks.ts";
import { urlOf } from "../../sys/credentials.ts";
import { git } from "../../sys/git.ts";
import { setRemotes, bloblessConfig } from "../../sys/git-remote.ts";
import { withScratch } from "../../sys/with-scratch.ts";
import { withSeriesLock } from "../series-lock.ts";
import type { RebaseContext } from "./context.ts";
import { digestOf } from "./digest.ts";
import { drawIn, fetchBases } from "./picture.ts";
import type { PickRow } from "./rows.ts";
import { prepareFolder, readState, rememberResolutions, treeOf, writeState, type RebaseState } from "./state.ts";

/** Begins a rebase onto the commit that `onto` means. Throws "usage" over an unfinished one. */
export async function beginRebase(onto: string, folder: string, context: RebaseContext): Promise<RebaseState> {
  const { project, line, name, from, host } = context;
  const unfinished = await readState(folder);
  if (unfinished !== undefined)
    throw new BuildError("usage", `The rebase of \`${name}\` onto \`${unfinished.onto.name}\` is not finished.`, {
      hint: `kovn-build patches rebase ${name} --continue --line ${line}, or with --abort instead`,
    });
  const source = await readSource(project, line, name, host);
  const bases = await fetchBases(source, onto, from, { work: project.work, host });
  const before = await withSeriesLock(line, name, project, host, digestOf);
  const { branch, base } = bases.onto;
  const place = from.repositories[name];
  const state: RebaseState = {
    schema: 1,
    line,
    source: name,
    onto: { name: onto, commit: base.commit, ...(branch === undefined ? {} : { branch }) },
    ...(place === undefined ? {} : { from: urlOf(place) }),
    before,
    moved: [],
  };
  await prepareFolder(folder);
  await writeState(folder, state);
  return state;
}

/**
 * Makes the work tree of a rebase: the patched tree of the old pin, then the new base with its picks.
 * Throws "usage" for picks that do not apply there.
 */
export async function makeTree(state: RebaseState, folder: string, context: RebaseContext): Promise<RebaseState> {
  const { project, line, name, from, host } = context;
  await prepareFolder(folder);
  const source = await readSource(project, line, name, host);
  const options = { work: project.work, host };
  const bases = await fetchBases(source, state.onto.commit, from, options);
  const { branch } = state.onto;
  const onto = { ...bases.onto, branch };
  const tree = treeOf(folder);
  const { picture, below, patches } = await withScratch(project.work, "rebase", host, async (dir) =>
    drawIn(tree, source, { ...bases, onto }, options, join(dir, "files")),
  );
  assertPicks(picture.picks, source);
  const inTree = { host, cwd: tree };
  const contents = urlOf(placeOf(pinOf(source, from)));
  for (const [key, value] of [...bloblessConfig(contents), ["rerere.enabled", "true"], ["rerere.autoUpdate", "true"]] as const)
    await git(["config", key, value], inTree);
  await setRemotes(source.place, contents, inTree);
  await rememberResolutions(folder);
  await git(["reset", "--quiet", "--hard", below], inTree);
  const listed = patches.map(({ patch, commit }) => ({ name: patch.name, commit }));
  const made = { ...state, tree: { picture, below, patches: listed } };
  await writeState(folder, made);
  return made;
}

function assertPicks(picks: readonly PickRow[], { line, name }: Source): void {
  const wrong = picks.find(({ status }) => status === "conflicts");
  if (wrong === undefined) return;
  throw new BuildError("usage", `Pick \`${shortId(wrong)}\` does not apply to the new base: ${wrong.files.join(", ")}.`, {
    hint: `\`without: [${wrong.files.join(", ")}]\` in patches/${line}/${name}/source.yaml if no package is built from them, else remove the pick`,
  });
}
