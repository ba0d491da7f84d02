import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isOutsideTree } from "../../config/patch.ts";
import { projectError, type FileProblem } from "../../errors.ts";
import { patchedPaths, showBytes } from "../../sys/git-patch.ts";
import { collect } from "./collect.ts";
import { problemAt, type Draft, type Found } from "./draft.ts";
import type { ReadOptions } from "./piece.ts";
import { readInOrder } from "./read-in-order.ts";
import { offerPlace, readPlace } from "./read-place.ts";
import { scanDiff, type Section } from "./scan-diff.ts";
import { namesAt, plainName } from "./section-names.ts";
import type { WantedSource } from "./select-entries.ts";
import { chooseLevel } from "./strip-level.ts";
import { writeDiff, type Named } from "./write-diff.ts";

export interface FindOptions extends ReadOptions {
  /** A file that has the order: a series of quilt(1), or a Dockerfile or script that applies patches. */
  readonly order?: string | undefined;
  /** Whose part of a Dockerfile that patches several sources is read. */
  readonly source: WantedSource;
  /**
   * The paths of the tree that the patches are for, a character for each byte. They decide how many
   * parts of the paths in a diff must be stripped.
   */
  readonly paths?: (() => Promise<ReadonlySet<string>>) | undefined;
}

/**
 * Reads patches in all the shapes that people have them in: folders and files of mails or diffs, a
 * series of quilt(1), an mbox, addresses, and commits of a repository. Writes only to
 * `scratch`. Throws "usage" and "project" with all that is wrong, and "network".
 */
export async function readFound(from: readonly string[], options: FindOptions): Promise<readonly Found[]> {
  const { order } = options;
  const offered = order === undefined ? [] : await collect(from, async (place) => [await offerPlace(place, options)]);
  const drafts =
    order === undefined
      ? await collect(from, async (place) => readPlace(place, options))
      : await readInOrder(
          order,
          { files: offered.flatMap(({ files }) => files), drafts: offered.flatMap(({ drafts: all }) => all) },
          options,
        );
  const tree = options.paths === undefined ? undefined : new Set(await options.paths());
  return collect(drafts, async (draft) => [await toFound(draft, tree, options)]);
}

/** Turns a diff into git's format, and makes its change in the paths of the tree. Throws "project". */
async function toFound(draft: Draft, tree: Set<string> | undefined, options: ReadOptions): Promise<Found> {
  const { text, file, lineOf, strip: _, ...header } = draft;
  options.host.task.say(draft.at);
  const scanned = scanDiff(text);
  const say = (line: number, message: string) => problemAt(file, lineOf(line), message);
  const problems = scanned.problems.map(({ line, message }) => say(line, message));
  if (scanned.sections.length === 0 && problems.length === 0) problems.push(say(0, "This has no diff."));
  if (problems.length > 0) throw projectError(problems);
  const { level, problem, notice } = chooseLevel(draft, scanned.sections, tree);
  if (notice !== undefined) options.host.task.notice(notice);
  const named = scanned.sections.map((section) => nameSection(section, level, say));
  problems.push(...(problem === undefined ? [] : [problem]), ...named.flatMap((one) => ("problem" in one ? [one.problem] : [])));
  if (problems.length > 0) throw projectError(problems);
  const files = named.flatMap((one) => ("problem" in one ? [] : [one]));
  const diff = writeDiff(files, scanned, "drop");
  await assertReadable(diff, options, (message) => say(scanned.sections[0]?.line ?? 0, message));
  for (const { names } of tree === undefined ? [] : files) {
    if (names.before !== undefined && names.before !== names.after) tree?.delete(plainName(names.before));
    if (names.after !== undefined) tree?.add(plainName(names.after));
  }
  return { ...header, diff, ...(scanned.isConverted ? { withReturns: writeDiff(files, scanned, "keep") } : {}) };
}

function nameSection(
  section: Section,
  level: number,
  say: (line: number, message: string) => FileProblem,
): Named | { readonly problem: FileProblem } {
  const names = namesAt(section, level);
  if (names === undefined)
    return {
      problem: say(
        section.line,
        `With -p${level}, this does not name a file: give the level in a series, as \`NAME.patch -pN\`.`,
      ),
    };
  const outside = [names.before, names.after].find((name) => name !== undefined && isOutsideTree(plainName(name)));
  if (outside === undefined) return { section, names };
  return { problem: say(section.line, `Path \`${showBytes(plainName(outside))}\` is outside the source tree.`) };
}

async function assertReadable(
  diff: Buffer,
  { host, scratch }: ReadOptions,
  say: (message: string) => FileProblem,
): Promise<void> {
  const path = join(scratch, "found.diff");
  await writeFile(path, diff);
  const touched = await patchedPaths(path, { host });
  if ("unreadable" in touched) throw projectError([say(`git cannot read this diff: ${touched.unreadable}.`)]);
}
