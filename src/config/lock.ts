import { join } from "node:path";
import { z } from "zod";
import { exists } from "../sys/files.ts";
import { gitIdSchema } from "../sys/schemas.ts";
import type { Project } from "./project.ts";
import { readYaml } from "./yaml.ts";

const patches = z.array(z.strictObject({ name: z.string(), sha256: z.string(), patchId: z.string() }));

const patchedTree = { commit: gitIdSchema, tree: gitIdSchema };

const lockedBase = z.strictObject({
  ...patchedTree,
  /** With the packaging patches on top; absent if there are none. */
  packaged: z.strictObject(patchedTree).exactOptional(),
});

const lockedSource = z.strictObject({
  revision: z.int().positive(),
  patches,
  /** The key is the file name of a series in `packaging/`. */
  packaging: z.record(z.string(), patches).default({}),
  /** The key is the base: `git:<commit>` or `apt:<sha256>`. */
  bases: z.record(z.string(), lockedBase),
});

const lockFile = z.strictObject({ schema: z.literal(1), sources: z.record(z.string(), lockedSource) });

/** A source's series when it was locked, with the commit and tree that it gives on each base. */
export type LockedSource = Readonly<z.infer<typeof lockedSource>>;
/** The commit and tree that a series makes of a base, and those with the packaging patches on top. */
export type LockedBase = Readonly<z.infer<typeof lockedBase>>;
export type Lock = Readonly<z.infer<typeof lockFile>>;

/** The name of a line's lock file in messages. */
export function lockName(line: string): string {
  return `patches/${line}/lock.json`;
}

/**
 * Reads `patches/<line>/lock.json`; undefined if the line has none yet. Throws "project" if it is
 * invalid.
 */
export async function readLock(project: Project, line: string): Promise<Lock | undefined> {
  const path = join(project.root, lockName(line));
  return (await exists(path)) ? readYaml(path, lockFile, lockName(line)) : undefined;
}
