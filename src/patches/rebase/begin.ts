import { join } from "node:path";
import { readSource, type Source } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { urlOf } from "../../sys/credentials.ts";
import { git, type GitOptions } from "../../sys/git.ts";
import { withScratch } from "../../sys/with-scratch.ts";
import { freeName } from "../name-patches.ts";
import { withSeriesLock } from "../series-lock.ts";
import type { RebaseContext } from "./context.ts";
import { digestOf } from "./digest.ts";
import { drawIn, fetchBases, type Drawn } from "./picture.ts";
import { copyResolutions, prepareFolder, readState, treeOf, writeState, type RebaseState, type RebaseTree } from "./state.ts";
import { prepareWorkTree } from "./work-tree.ts";

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
  const drawn = await withScratch(project.work, "rebase", host, async (dir) => {
    await copyResolutions(folder, join(dir, "rr-cache"));
    return drawIn(tree, source, { ...bases, onto }, options, dir);
  });
  const { picture, below } = drawn;
  const inTree = { host, cwd: tree };
  await prepareWorkTree(folder, source, from, host);
  await git(["reset", "--quiet", "--hard", below], inTree);
  const made = { ...state, tree: { picture, below, patches: await listPatches(drawn, source, inTree) } };
  await writeState(folder, made);
  return made;
}

/** What is moved: picks that do not apply, each with a name for the patch that it becomes, then the patches. */
async function listPatches({ aside, patches }: Drawn, source: Source, options: GitOptions): Promise<RebaseTree["patches"]> {
  const taken = new Set([...source.patches, ...Object.values(source.packaging).flat()].map(({ name }) => name));
  const picks = [];
  for (const { commit, pick } of aside) {
    const name = freeName(await git(["log", "-1", "--encoding=UTF-8", "--format=%s", commit], options), taken);
    taken.add(name);
    picks.push({ name, commit, pick });
  }
  return [...picks, ...patches.map(({ patch, commit }) => ({ name: patch.name, commit }))];
}
