import { join } from "node:path";
import { z } from "zod";
import { exists } from "../sys/files.ts";
import { gitIdSchema } from "../sys/schemas.ts";
import type { Project } from "./project.ts";
import { readYaml } from "./yaml.ts";

/** `patches/seed.yaml`. */
export const seedFile = z.array(
  z.strictObject({
    entry: z.int().positive().describe("Number of the entry."),
    commit: gitIdSchema.describe("Kube-OVN's commit with this change."),
    repository: z.string().min(1).describe("Repository of that commit on GitHub."),
    source: z.string().min(1).describe("Source that it changes."),
    title: z.string().min(1).describe("The change, in a few words."),
  }),
);

/** An entry of the seed: one of Kube-OVN's changes to Open vSwitch or OVN. */
export type SeedEntry = Readonly<z.infer<typeof seedFile>[number]>;

/**
 * Reads `patches/seed.yaml`. Every line must account for each of its entries. A project of other
 * series than Kube-OVN's has no such file.
 */
export async function readSeed(project: Project): Promise<readonly SeedEntry[]> {
  const path = join(project.root, "patches/seed.yaml");
  return (await exists(path)) ? readYaml(path, seedFile, "patches/seed.yaml") : [];
}
