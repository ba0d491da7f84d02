import { listLines } from "../../config/lines.ts";
import type { Patch } from "../../config/patch.ts";
import type { Project } from "../../config/project.ts";
import { readSeed } from "../../config/seed.ts";
import { readSource, type Source } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import type { Host } from "../../sys/exec.ts";
import { patchId } from "../../sys/git.ts";
import { readBytes } from "../../sys/read-file.ts";
import { commitsOf } from "./fields.ts";
import type { Found } from "./draft.ts";

/** Finds the entry of the seed that a patch belongs to, as the value of its field `Seed`. */
export type MatchSeed = (found: Found, subject: string, ids: readonly string[]) => string;

/**
 * Reads the entries of a source, and the patches that other lines have for them. A patch belongs to
 * an entry if it was made of its commit, if it has the patch id or the subject of a patch for it,
 * or the entry's title as its subject.
 */
export async function openSeed(name: string, project: Project, host: Host): Promise<MatchSeed> {
  const entries = (await readSeed(project)).filter(({ source }) => source === name);
  const known = entries.length === 0 ? [] : (await sourcesNamed(name, project, host)).flatMap(({ patches }) => patches);
  const patches = await Promise.all(
    known
      .filter(({ seed }) => entries.some(({ commit }) => commit.startsWith(seed)))
      .map(async (patch) => ({ ...patch, id: await idOf(patch, host) })),
  );
  return (found, subject, ids) => {
    const own = entries.find(({ commit }) => commitsOf(found).some((one) => commit.startsWith(one)));
    if (own !== undefined) return own.commit.slice(0, 10);
    const same = patches.find((patch) => patch.id !== "" && ids.includes(patch.id));
    const alike = patches.find((patch) => words(patch.subject) === words(subject));
    const titled = entries.find(({ title }) => words(title) === words(subject));
    return same?.seed ?? alike?.seed ?? titled?.commit.slice(0, 10) ?? "none";
  };
}

/**
 * The source of that name in each line of the project, the newest first; those with wrong files are
 * left out.
 */
export async function sourcesNamed(name: string, project: Project, host: Host): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for (const line of (await listLines(project)).toReversed()) {
    const source = await readSource(project, line, name, host).catch((error: unknown) => {
      if (error instanceof BuildError) return undefined;
      throw error;
    });
    if (source !== undefined) sources.push(source);
  }
  return sources;
}

async function idOf({ path }: Patch, host: Host): Promise<string> {
  return patchId(await readBytes(path, "a patch"), { host });
}

/** The letters and digits of a text, in small letters. */
function words(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, " ")
    .trim();
}
