import { join } from "node:path";
import { z } from "zod";
import { exists } from "../sys/files.ts";
import { gitIdSchema } from "../sys/schemas.ts";
import type { Project } from "./project.ts";
import { readYaml } from "./yaml.ts";

const patches = z.array(
  z.strictObject({
    name: z.string().describe("File name."),
    sha256: z.string().describe("sha256 of the file."),
    patchId: z.string().describe("Id of the change: `git patch-id --stable`."),
  }),
);

const patchedTree = {
  commit: gitIdSchema.describe("Commit of the patched tree."),
  tree: gitIdSchema.describe("Tree of that commit."),
};

const picks = z.array(
  z.strictObject({
    commit: gitIdSchema.describe("Upstream's commit."),
    without: z.array(z.string()).describe("Paths that are left out."),
    patchId: z.string().describe("Id of the change without them: `git patch-id --stable`."),
    tree: gitIdSchema.describe("Tree after the pick."),
  }),
);

const lockedBase = z.strictObject({
  ...patchedTree,
  picks: picks.exactOptional().describe("Picks that are taken onto this base, in order; absent if there are none."),
  packaged: z
    .strictObject({ series: z.string().describe("Series in `packaging/` that this base takes."), ...patchedTree })
    .exactOptional()
    .describe("The same with the packaging patches; absent if there are none."),
});

const lockedSource = z.strictObject({
  revision: z.int().positive().describe("Revision of the series."),
  patches: patches.describe("Patches of the series, in order."),
  packaging: z
    .record(z.string().describe("series"), patches)
    .default({})
    .describe("Packaging patches, by the file name of their series in `packaging/`."),
  bases: z
    .record(z.string().describe("base"), lockedBase)
    .describe("What the series makes of each base: `git:<commit>` or `apt:<sha256>`."),
});

/** `patches/<line>/lock.json`. */
export const lockFile = z.strictObject({
  schema: z.literal(1).describe("Version of this format."),
  sources: z.record(z.string().describe("source"), lockedSource).describe("Locked sources by name."),
});

/** A source's series when it was locked, with the commit and tree that it gives on each base. */
export type LockedSource = Readonly<z.infer<typeof lockedSource>>;
/** The commit and tree that a series makes of a base, and those with the packaging patches on top. */
export type LockedBase = Readonly<z.infer<typeof lockedBase>>;
export type Lock = Readonly<z.infer<typeof lockFile>>;

/** The name of a line's lock file in messages. */
export function lockName(line: string): string {
  return `patches/${line}/lock.json`;
}

/** What a person should know about a line that has no lock file. */
export function unlockedLine(line: string): string {
  return `${lockName(line)} is missing, so nothing is checked against it. (kovn-build patches lock --line ${line})`;
}

/**
 * Reads `patches/<line>/lock.json`; undefined if the line has none yet. Throws "project" if it is
 * invalid.
 */
export async function readLock(project: Project, line: string): Promise<Lock | undefined> {
  const path = join(project.root, lockName(line));
  return (await exists(path)) ? readYaml(path, lockFile, lockName(line)) : undefined;
}
