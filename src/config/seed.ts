import { join } from "node:path";
import { z } from "zod";
import { gitIdSchema } from "../sys/schemas.ts";
import type { Project } from "./project.ts";
import { readYaml } from "./yaml.ts";

const seedFile = z.array(
  z.strictObject({
    entry: z.int().positive(),
    commit: gitIdSchema,
    repository: z.string().min(1),
    source: z.string().min(1),
    title: z.string().min(1),
  }),
);

/** An entry of the seed: one of Kube-OVN's changes to Open vSwitch or OVN. */
export type SeedEntry = Readonly<z.infer<typeof seedFile>[number]>;

/** Reads `patches/seed.yaml`. Every line must account for each of its entries. */
export async function readSeed(project: Project): Promise<readonly SeedEntry[]> {
  return readYaml(join(project.root, "patches/seed.yaml"), seedFile, "patches/seed.yaml");
}
