import type { Patch } from "../../config/patch.ts";
import type { Source } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { askRefs } from "../../sys/git-remote.ts";
import { fetchMirrorHistories } from "../mirror-more.ts";
import { byVersion, releasesIn } from "../upstream-refs.ts";
import { tryGit, type GitOptions } from "../../sys/git.ts";
import { readBytes } from "../../sys/read-file.ts";
import { urlOf } from "../../sys/credentials.ts";
import type { Fetched } from "../mirror.ts";

type Merged = Source["merged"][number];

/** What is merged upstream: a patch with an entry of the seed, and the commit that has its change. */
export interface Taken {
  readonly patch: Patch;
  readonly commit: string;
}

/**
 * Describes a change that upstream took, for `merged` of source.yaml. Returns undefined when the
 * patch adds no line to look for. `version` is that of the new base.
 */
export async function describeMerged(
  { patch, commit }: Taken,
  { pin, onto, version }: { readonly pin: string; readonly onto: Fetched; readonly version: string },
  options: GitOptions,
): Promise<Merged | undefined> {
  const effect = await findEffect(patch, pin, onto.commit, options);
  if (effect === undefined) return undefined;
  return { seed: patch.seed, commit, since: (await findRelease(commit, onto, options)) ?? version, effect };
}

/** The most lines that are looked for. */
const mostTried = 40;

/** A line that the patch adds, that the new base has in that file and the old pin has not: of a test last. */
async function findEffect(patch: Patch, pin: string, onto: string, options: GitOptions): Promise<Merged["effect"] | undefined> {
  const lines: Merged["effect"][] = [];
  let file = "";
  for (const row of (await readBytes(patch.path, "a patch")).toString().split("\n")) {
    file = /^\+\+\+ b\/(.*)$/.exec(row)?.[1] ?? file;
    const text = /^\+(?!\+\+ b\/)\s*(\S.*?)\s*$/.exec(row)?.[1];
    if (text !== undefined && text.length > 7 && text.length < 100) lines.push({ file, text });
  }
  const isTest = ({ file: path }: Merged["effect"]) => Number(/(^|\/)tests?\//.test(path));
  const likely = lines.toSorted((a, b) => isTest(a) - isTest(b) || b.text.length - a.text.length).slice(0, mostTried);
  const has = async (commit: string, effect: Merged["effect"]) => {
    const args = ["grep", "--quiet", "--fixed-strings", "-e", effect.text, commit, "--", effect.file];
    return (await tryGit(args, options)).exitCode === 0;
  };
  for (const effect of likely) if ((await has(onto, effect)) && !(await has(pin, effect))) return effect;
  return undefined;
}

/** The most tags of releases that are looked at. */
const mostTags = 1000;

/** The first release with a commit, by upstream's tags; undefined if none has it, or upstream cannot be reached. */
async function findRelease(commit: string, onto: Fetched, { host }: GitOptions): Promise<string | undefined> {
  const tags = await readTags(onto, { host }).catch(whenReached);
  const options = { host, bare: onto.repository };
  for (const [version, id] of tags.toSorted(([a], [b]) => byVersion(a, b))) {
    const found = await tryGit(["merge-base", "--is-ancestor", commit, id], options);
    if (found.exitCode === 0) return version;
  }
  return undefined;
}

/** Upstream's tags of releases: the version, and the commit, whose history is fetched. */
async function readTags(onto: Fetched, { host }: GitOptions): Promise<readonly (readonly [version: string, commit: string])[]> {
  const found = [...releasesIn(await askRefs(urlOf(onto.contents), ["refs/tags/*"], { host }))].slice(-mostTags);
  await fetchMirrorHistories(
    found.map(([, id]) => id),
    onto,
    host,
  );
  return found;
}

function whenReached(error: unknown): readonly never[] {
  if (error instanceof BuildError && error.code === "network") return [];
  throw error;
}
