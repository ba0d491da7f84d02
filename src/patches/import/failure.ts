import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Patch } from "../../config/patch.ts";
import { BuildError } from "../../errors.ts";
import { sha256 } from "../../sys/files.ts";
import { startTrial } from "../../sys/git-am.ts";
import { patchedPaths } from "../../sys/git-patch.ts";
import { git, type GitOptions } from "../../sys/git.ts";
import { readBytes } from "../../sys/read-file.ts";
import { count } from "../../sys/text.ts";
import { findCauses, type HunkCause } from "../conflict-cause.ts";
import { describeHunk } from "../conflict.ts";
import type { Found } from "./draft.ts";
import type { Target } from "./target.ts";

/** A diff that was found, as a file, and where it was found. */
export interface DiffFile extends Patch {
  readonly at: string;
  readonly bytes: Buffer;
}

/**
 * Writes the diffs to files of a folder, for git to read: each, and for some the same with carriage
 * returns.
 */
export async function writeDiffs(
  found: readonly Found[],
  folder: string,
): Promise<readonly (readonly [DiffFile, ...DiffFile[]])[]> {
  await mkdir(folder, { recursive: true });
  const write = async ({ at, name }: Found, bytes: Buffer, file: string): Promise<DiffFile> => {
    const path = join(folder, file);
    await writeFile(path, bytes);
    const shown = name === undefined ? at : `${name}.patch`;
    return { name: shown, at, bytes, path, sha256: sha256(bytes), subject: "", seed: "none", origin: "" };
  };
  return Promise.all(
    found.map(async (one, index) => {
      const diff = await write(one, one.diff, `${index + 1}.diff`);
      const returns = one.withReturns === undefined ? [] : [await write(one, one.withReturns, `${index + 1}.crlf.diff`)];
      return [diff, ...returns] as const;
    }),
  );
}

/** The patches that are applied, the last as `head`, and all that were found. */
interface Place {
  readonly diffs: readonly DiffFile[];
  readonly below: readonly Patch[];
  readonly head: string;
}

/**
 * Returns the name of the patch of the series that makes the change of a diff which does not apply.
 * Throws "patch" with the cause of each part of it if there is none.
 */
export async function whoHas(
  index: number,
  { diffs, below, head }: Place,
  { source, fetched }: Pick<Target, "source" | "fetched">,
  options: GitOptions,
): Promise<string> {
  const diff = diffs[index];
  if (diff === undefined) throw new Error(`no diff ${index}`);
  await git(["update-ref", "HEAD", head], options);
  const later = diffs.slice(index + 1);
  const causes = await findCauses(await textOf(diff), diff, [...below, diff, ...later], fetched, options);
  const layers = new Set(causes.map(({ cause }) => (cause.kind === "done" ? cause.layer?.shown : undefined)));
  const [layer] = layers;
  const own = layers.size === 1 ? source.patches.find(({ name }) => layer?.endsWith(` \`${name}\``)) : undefined;
  if (own !== undefined) return own.name;
  const rows = causes.map((one) => describeHunk(one));
  const says = rows.length > 0 ? rows.join("\n") : `  ${await whatGitSays(diff, head, options)}`;
  const on = below.length === 0 ? "" : `, after ${count(below.length, "patch")}`;
  const head12 = source.commit.slice(0, 12);
  throw new BuildError(
    "patch",
    `Patch ${index + 1} of ${diffs.length}, ${diff.at}, does not apply to \`${source.name}\` at ${head12}${on}:\n${says}`,
    { at: [{ file: diff.at }], source: source.name, hint: adviceFor(causes, diff, source) },
  );
}

async function textOf({ path }: Patch): Promise<string> {
  return (await readBytes(path, "a patch")).toString("latin1");
}

async function whatGitSays({ path }: Patch, head: string, options: GitOptions): Promise<string> {
  const touched = await patchedPaths(path, options);
  if ("unreadable" in touched) return touched.unreadable;
  return (await (await startTrial(head, options)).refusal(path)) ?? "git does not apply it";
}

function adviceFor(causes: readonly HunkCause[], diff: DiffFile, source: Target["source"]): string {
  const order = causes.flatMap(({ cause }) => (cause.kind === "order" ? [cause.patch.name] : []))[0];
  if (order !== undefined) return `put \`${order}\` before \`${diff.name}\`, such as with \`--order FILE\``;
  if (causes.length > 0 && causes.every(({ cause }) => cause.kind === "done")) return `leave out \`${diff.name}\``;
  if (source.patches.length === 0)
    return "`--pin` with the commit that the patches are made for, and `--order FILE` with their order";
  return `for a series of its own: another \`--line\`, and \`--pin\` with the commit that the patches are made for`;
}
