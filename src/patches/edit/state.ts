import { join } from "node:path";
import { z } from "zod";
import type { Project } from "../../config/project.ts";
import { gitIdSchema } from "../../sys/schemas.ts";
import { moving, readStateOf } from "../rebase/state.ts";

const editFile = z.object({
  schema: z.literal(1),
  line: z.string(),
  source: z.string(),
  /** The patch that is edited. */
  patch: z.string(),
  /** The repository that commits come from, if it is not the upstream of source.yaml. */
  from: z.string().exactOptional(),
  /** The digest of the source's folder when the edit began. */
  before: z.string(),
  /** The tree, once it is complete: the commit below the series, and that of each patch. */
  tree: z.object({ below: gitIdSchema, patches: z.array(z.object({ name: z.string(), commit: gitIdSchema })) }).exactOptional(),
  /** The last commit of what the person made of the patch, once it is read. */
  head: gitIdSchema.exactOptional(),
  ...moving,
  /** The digest of the folder that replaces the source's, just before it does. */
  written: z.string().exactOptional(),
});

/** An unfinished edit of a patch. It is on the disk after each step, so that a killed one can go on. */
export type EditState = Readonly<z.infer<typeof editFile>>;
export type EditTree = NonNullable<EditState["tree"]>;

/** The folder of a source's edit: its state, its work tree, and what git remembers of resolved conflicts. */
export function editFolder({ work }: Project, line: string, source: string): string {
  return join(work, "edit", `${line}-${source}`);
}

/** Reads the unfinished edit of a source; undefined if there is none. */
export async function readEdit(project: Project, line: string, source: string): Promise<EditState | undefined> {
  return readStateOf(editFolder(project, line, source), editFile, "an edit");
}

/** The commit below the patch that is edited, its own, and the patches above it. */
export function partsOf({ patch }: EditState, { below, patches }: EditTree) {
  const index = patches.findIndex(({ name }) => name === patch);
  const own = patches[index];
  if (own === undefined) throw new Error(`no patch ${patch}`);
  return {
    parent: patches[index - 1]?.commit ?? below,
    commit: own.commit,
    earlier: patches.slice(0, index),
    later: patches.slice(index + 1),
  };
}
