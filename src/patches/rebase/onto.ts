import { unknownName } from "../../config/names.ts";
import type { Source } from "../../config/source.ts";
import { BuildError, withDetails } from "../../errors.ts";
import { placeOf, type Base } from "../../plan/base.ts";
import { urlOf } from "../../sys/credentials.ts";
import { askRefs } from "../../sys/git-remote.ts";
import { git, tryGit } from "../../sys/git.ts";
import { fetchMirrorHistories } from "../mirror-more.ts";
import { fetchBase, probeBase, type Fetched, type MirrorOptions } from "../mirror.ts";
import { branchesIn } from "../upstream-refs.ts";

/** The commit that a source moves to, with the branch that it was named by, if it was. */
export interface Onto {
  readonly base: Base & { kind: "git" };
  readonly fetched: Fetched;
  readonly branch: string | undefined;
}

/**
 * Finds the commit that `name` means, a branch, a tag or a commit, in the repository that `pin` comes
 * from, and fetches it. Throws "usage" if there is none, or it is the pin, and "network".
 */
export async function fetchOnto(
  name: string,
  source: Source,
  { pin, old }: { readonly pin: Base & { kind: "git" }; readonly old: Fetched },
  options: MirrorOptions,
): Promise<Onto> {
  const { picks: _, ...place } = pin;
  const onto = await fetchNamed(name, source.name, place, old, options);
  if (onto.base.commit !== source.commit) return onto;
  throw new BuildError("usage", `\`${name}\` is ${source.commit.slice(0, 12)}, which source.yaml pins already.`);
}

/**
 * Finds the commit that `name` means in a repository, and fetches it. `known` is a clone of it that
 * knows short ids of commits. Throws "usage" if there is none, and "network".
 */
export async function fetchNamed(
  name: string,
  source: string,
  place: Omit<Base & { kind: "git" }, "commit" | "picks">,
  known: Fetched | undefined,
  options: MirrorOptions,
): Promise<Onto> {
  const found = await resolve(name, source, place.from ?? place.url, known, options);
  const base = { ...place, commit: found.commit };
  await probeBase(base, { ...options, refreshApt: false });
  const fetched = await fetchBase(base, options).catch((error: unknown) => {
    if (!(error instanceof BuildError) || error.code !== "network") throw error;
    throw withDetails(error, { message: `Commit ${base.commit} could not be fetched from repository ${placeOf(base)}.` });
  });
  const type = await git(["cat-file", "-t", base.commit], { host: options.host, bare: fetched.repository });
  if (type !== "commit") throw new BuildError("usage", `\`${name}\` is a ${type}, not a commit.`);
  return { base, fetched, branch: found.branch ?? (await branchWith(fetched, options)) };
}

/** The most branches whose history is looked at. */
const mostBranches = 200;

/** The branch of upstream that has a commit, and the fewest others above it; undefined if none is known. */
async function branchWith(fetched: Fetched, { host }: MirrorOptions): Promise<string | undefined> {
  const { repository, commit, contents } = fetched;
  const url = urlOf(contents);
  const tips = await askRefs(url, ["refs/heads/*", "refs/remotes/origin/*"], { host, timeout: askTimeout }).catch(
    (): ReadonlyMap<string, string> => new Map(),
  );
  const branches = [...branchesIn(tips)];
  if (branches.length === 0 || branches.length > mostBranches) return undefined;
  await fetchMirrorHistories(
    branches.map(([, id]) => id),
    fetched,
    host,
  );
  const options = { host, bare: repository };
  let best: { readonly name: string; readonly above: number } | undefined;
  for (const [name, id] of branches) {
    const found = await tryGit(["merge-base", "--is-ancestor", commit, id], options);
    if (found.exitCode !== 0) continue;
    const above = Number(await git(["rev-list", "--count", `${commit}..${id}`], options));
    if (best === undefined || above < best.above) best = { name, above };
  }
  return best?.name;
}

/** Milliseconds until a repository must list its refs. */
const askTimeout = 60_000;

async function resolve(
  name: string,
  source: string,
  place: string,
  old: Fetched | undefined,
  { host }: MirrorOptions,
): Promise<{ readonly commit: string; readonly branch: string | undefined }> {
  const url = urlOf(place);
  const ask = async (refs: readonly string[]) =>
    askRefs(url, refs, { host, timeout: askTimeout }).catch((error: unknown) => {
      if (!(error instanceof BuildError) || error.code !== "network") throw error;
      throw withDetails(error, { hint: `--from ${source}=PATH_OR_URL of a clone that has \`${name}\`` });
    });
  if (/^[0-9a-f]{40}$/.test(name)) return { commit: name, branch: undefined };
  const isName = /^\w[\w./+-]*$/.test(name);
  const names = [`refs/heads/${name}`, `refs/remotes/origin/${name}`, `refs/tags/${name}^{}`, `refs/tags/${name}`];
  const found = isName ? await ask(names) : new Map<string, string>();
  for (const ref of names) {
    const commit = found.get(ref);
    if (commit !== undefined) return { commit, branch: ref.startsWith("refs/tags/") ? undefined : name };
  }
  if (old !== undefined && /^[0-9a-f]{7,39}$/.test(name)) {
    const known = await tryGit(["rev-parse", "--quiet", "--verify", `${name}^{commit}`], { host, bare: old.repository });
    if (known.exitCode === 0) return { commit: known.stdout.trim(), branch: undefined };
  }
  const all = await ask(["refs/heads/*", "refs/remotes/origin/*", "refs/tags/*"]);
  const shown = [...all.keys()].map((ref) => ref.replace(/^refs\/(?:heads|remotes\/origin|tags)\//, ""));
  throw unknownName("Branch, tag or commit", name, [...new Set(shown.filter((ref) => !ref.endsWith("^{}") && ref !== "HEAD"))]);
}
