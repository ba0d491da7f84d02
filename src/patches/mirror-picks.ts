import { BuildError } from "../errors.ts";
import { placeOf, type Base } from "../plan/base.ts";
import { picksOf, shortId } from "../plan/picks.ts";
import { urlOf } from "../sys/credentials.ts";
import type { Host } from "../sys/exec.ts";
import { changesOf, isCutOff, readCommit } from "../sys/git-pick.ts";
import { fetchChange } from "../sys/git-remote.ts";
import { git, tryGit, type GitOptions } from "../sys/git.ts";
import { areTrue, readRef } from "./mirror-files.ts";

/** The ref that marks a pick as complete in a mirror, with all that is needed to take it. */
function pickRef(commit: string): string {
  return `refs/kovn/pick-${commit}`;
}

/** True when all picks of a base are in its mirror. Runs no program. */
export async function havePicks(base: Base, repository: string): Promise<boolean> {
  const refs = await Promise.all(picksOf(base).map(async ({ commit }) => [commit, await readRef(repository, pickRef(commit))]));
  return refs.every(([commit, ref]) => commit === ref);
}

/** True when each object that a base's picks are taken from has the content that its id stands for. */
export async function areTruePicks(base: Base, repository: string, host: Host): Promise<boolean> {
  for (const { commit } of picksOf(base)) if (!(await isTruePick(commit, { host, bare: repository }))) return false;
  return true;
}

async function isTruePick(commit: string, options: GitOptions): Promise<boolean> {
  if ((await tryGit(["cat-file", "-e", commit], options)).exitCode !== 0 || !(await areTrue([commit], options))) return false;
  const { parents } = await readCommit(commit, options);
  const [parent] = parents;
  // Nothing is taken from others.
  if (parent === undefined || parents.length > 1) return true;
  if (await isCutOff(commit, parent, options)) return false;
  const list = ["rev-list", "--objects", "--no-object-names", "--no-walk", "--filter=blob:none", commit, parent];
  const trees = await tryGit(list, options);
  if (trees.exitCode !== 0 || !(await areTrue(trees.stdout.trim().split("\n"), options))) return false;
  const blobs = (await changesOf(commit, parent, options)).flatMap((change) => change.blobs);
  return areTrue([...new Set(blobs)], options);
}

/**
 * Fetches the picks of a base into its mirror, unless they are there, and marks them as complete.
 * Throws "network" for one that cannot be fetched.
 */
export async function fetchPicks(base: Base & { kind: "git" }, repository: string, options: GitOptions): Promise<void> {
  const place = placeOf(base);
  for (const pick of picksOf(base)) {
    const { commit } = pick;
    if ((await readRef(repository, pickRef(commit))) === commit) continue;
    await fetchChange(commit, urlOf(place), options).catch((cause: unknown) => {
      if (!(cause instanceof BuildError) || cause.code !== "network") throw cause;
      throw new BuildError(
        "network",
        `Pick \`${shortId(pick)}\` could not be fetched from repository ${place}. ${cause.message}`,
        {
          cause,
          hint: "correct `picks` of source.yaml, or --from SOURCE=PATH_OR_URL of a full clone that has the commit",
        },
      );
    });
    await git(["update-ref", pickRef(commit), commit], options);
  }
}
