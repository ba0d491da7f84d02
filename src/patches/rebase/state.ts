import { cp, mkdir, readdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Project } from "../../config/project.ts";
import { BuildError } from "../../errors.ts";
import type { Host } from "../../sys/exec.ts";
import { exists, listFiles, removeFolder } from "../../sys/files.ts";
import { git } from "../../sys/git.ts";
import { readText } from "../../sys/read-file.ts";
import { gitIdSchema } from "../../sys/schemas.ts";
import { makeFolders } from "../../sys/sync.ts";
import { writeWhole } from "../../sys/write-whole.ts";
import type { Picture } from "./rows.ts";

const movedPatch = z.object({
  name: z.string(),
  /** `resolved` by a person or as before; `upstream` and `empty` leave nothing to move, `skipped` was dropped by a person. */
  result: z.enum(["moved", "resolved", "upstream", "empty", "skipped"]),
  /** Absent if nothing was moved. */
  commit: gitIdSchema.exactOptional(),
});

/** How far patches are moved. */
export const moving = {
  moved: z.array(movedPatch),
  /** The patch that waits for a person, in the work tree. */
  stopped: z.string().exactOptional(),
  /** True while what the person made of it is read: locks of git are then those of a killed run. */
  taking: z.boolean().exactOptional(),
};

const stateFile = z.object({
  schema: z.literal(1),
  line: z.string(),
  source: z.string(),
  /** What the person named, and the commit that it was then. */
  onto: z.object({ name: z.string(), commit: gitIdSchema, branch: z.string().exactOptional() }),
  /** The repository that commits come from, if it is not the upstream of source.yaml. */
  from: z.string().exactOptional(),
  /** The digest of the source's folder when the rebase began. */
  before: z.string(),
  /** The tree, once it is complete: what will become of each patch, the new base with its picks, the patches on the old one. */
  tree: z
    .object({
      picture: z.custom<Picture>((value) => typeof value === "object" && value !== null),
      below: gitIdSchema,
      /** `pick` is upstream's commit: a pick that does not apply is moved like a patch, and becomes one. */
      patches: z.array(z.object({ name: z.string(), commit: gitIdSchema, pick: gitIdSchema.exactOptional() })),
    })
    .exactOptional(),
  ...moving,
  /** The digest of the folder that is to replace the source's, and what becomes of each file, once all is moved. */
  written: z
    .object({
      digest: z.string(),
      changes: z.record(z.string(), z.enum(["unchanged", "changed"])),
      merged: z.array(z.string()),
      notes: z.array(z.string()),
      revision: z.number(),
    })
    .exactOptional(),
});

/** An unfinished rebase. It is on the disk after each patch, so that a killed one can go on. */
export type RebaseState = Readonly<z.infer<typeof stateFile>>;
export type MovedPatch = RebaseState["moved"][number];
export type RebaseTree = NonNullable<RebaseState["tree"]>;

/** The folder of a source's rebase: its state, its work tree, and what git remembers of resolved conflicts. */
export function rebaseFolder({ work }: Project, line: string, source: string): string {
  return join(work, "rebase", `${line}-${source}`);
}

/** The work tree of a rebase. */
export function treeOf(folder: string): string {
  return join(folder, "tree");
}

/** Reads the state of a rebase; undefined if none is unfinished. Throws "usage" for one of another version. */
export async function readState(folder: string): Promise<RebaseState | undefined> {
  return readStateOf(folder, stateFile, "a rebase");
}

/** Reads the state of `what`; undefined if none is unfinished. Throws "usage" for one of another version. */
export async function readStateOf<T>(folder: string, file: z.ZodType<T>, what: string): Promise<T | undefined> {
  const path = join(folder, "state.json");
  if (!(await exists(path))) return undefined;
  const text = await readText(path, "a manifest").catch(() => "");
  const state = file.safeParse(parse(text));
  if (state.success) return state.data;
  throw new BuildError("usage", `File ${path} is not the state of ${what} of this version of kovn-build.`, {
    hint: `rm -r ${folder}, then begin again`,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes the state of a rebase, or of an edit, whole. */
export async function writeState(folder: string, state: object): Promise<void> {
  await writeWhole(join(folder, "state.json"), `${JSON.stringify(state, undefined, 2)}\n`);
}

/** Makes the folder of a rebase, without a tree. What git remembers of resolved conflicts stays. */
export async function prepareFolder(folder: string): Promise<void> {
  await makeFolders(join(folder, "rr-cache"));
  await removeFolder(treeOf(folder));
}

/** Throws "usage" if somebody removed the work tree of a rebase. */
export async function assertTree({ source, line, tree }: RebaseState, folder: string): Promise<void> {
  if (tree === undefined || (await exists(treeOf(folder)))) return;
  throw new BuildError("usage", `The work tree of the rebase is gone: ${treeOf(folder)}.`, {
    hint: `kovn-build patches rebase ${source} --abort --line ${line}, then begin it again; git takes again what you resolved`,
  });
}

/** Makes git remember how conflicts are resolved in a tree, in `cache`, which is relative to its .git. */
export async function rememberResolutions(tree: string, cache: string, host: Host): Promise<void> {
  const path = join(tree, ".git/rr-cache");
  await rm(path, { recursive: true, force: true });
  await symlink(cache, path);
  for (const key of ["rerere.enabled", "rerere.autoUpdate"]) await git(["config", key, "true"], { host, cwd: tree });
}

/** Copies what git remembers of the source's conflicts to a folder, which must not exist. */
export async function copyResolutions(folder: string, to: string): Promise<void> {
  await mkdir(to);
  if (await exists(join(folder, "rr-cache"))) await cp(join(folder, "rr-cache"), to, { recursive: true });
}

/** Removes the locks that git left in the tree when it was killed. Call it when no git runs there. */
export async function clearGitLocks(folder: string): Promise<void> {
  const dir = join(treeOf(folder), ".git");
  const own = (await readdir(dir).catch(() => [])).map((name) => join(dir, name));
  const refs = await listFiles(join(dir, "refs")).catch(() => []);
  for (const path of [...own, ...refs.map((name) => join(dir, "refs", name))])
    if (path.endsWith(".lock")) await rm(path, { force: true });
}

/** Ends a rebase: removes its state, then its tree. */
export async function endRebase(folder: string): Promise<void> {
  await rm(join(folder, "state.json"), { force: true });
  await removeFolder(treeOf(folder));
}
