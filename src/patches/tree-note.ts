import { join } from "node:path";
import { z } from "zod";
import type { Source } from "../config/source.ts";
import { BuildError } from "../errors.ts";
import type { Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { tryGit } from "../sys/git.ts";
import { readText } from "../sys/read-file.ts";
import { gitIdSchema } from "../sys/schemas.ts";
import { writeWhole } from "../sys/write-whole.ts";

const treeNote = z.object({
  line: z.string(),
  source: z.string(),
  /** The commit below the patches: the last pick, or the base. */
  base: gitIdSchema,
  /** The commit that `source.yaml` pinned; the base, unless that is an alternate or there are picks. */
  pin: gitIdSchema,
  /** The picks that `source.yaml` had; an alternate is below the patches without them. */
  picks: z.array(z.object({ commit: gitIdSchema, without: z.array(z.string()) })).default([]),
  /** The name of the first patch that was left out, if the tree was made with `--until`. */
  until: z.string().exactOptional(),
  series: z.array(z.object({ name: z.string(), sha256: z.string() })),
});

/** What a tree made by `patches apply` remembers, for `patches export`: the series that it was made from. */
export type TreeNote = Readonly<z.infer<typeof treeNote>>;

/** The part of a note that says what a series is. */
export function seriesOf(source: Source): TreeNote["series"] {
  return source.patches.map(({ name, sha256 }) => ({ name, sha256 }));
}

/** Writes the note of a tree, inside its `.git`. */
export async function writeNote(note: TreeNote, tree: string, host: Host): Promise<void> {
  const path = await pathOf(tree, host);
  if (path !== undefined) await writeWhole(path, `${JSON.stringify(note, undefined, 2)}\n`);
}

/** Reads the note of a tree. Throws "usage" if it has none; `source` is what it should be made from. */
export async function readNote(tree: string, source: string, host: Host): Promise<TreeNote> {
  const path = await pathOf(tree, host);
  const text = path === undefined ? undefined : await readText(path, "a project file").catch(() => undefined);
  const note = treeNote.safeParse(text === undefined ? undefined : parse(text));
  if (note.success) return note.data;
  throw new BuildError("usage", `Folder ${tree} was not made by this version of \`patches apply\`.`, {
    hint: `kovn-build patches apply ${source} DIR, then bring commits from ${tree} there with git`,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Work trees that were added to the tree share its note. */
async function pathOf(tree: string, host: Host): Promise<string | undefined> {
  if (!(await exists(tree))) return undefined;
  const folder = await tryGit(["rev-parse", "--path-format=absolute", "--git-common-dir"], { host, cwd: tree });
  return folder.exitCode === 0 ? join(folder.stdout.trimEnd(), "kovn-build.json") : undefined;
}
