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

/** One change of the specification: the seed's list of Kube-OVN's changes to OVS and OVN, in its order. */
export type SeedEntry = Readonly<z.infer<typeof seedFile>[number]>;

/** Reads `patches/seed.yaml`: the list that every line has to account for. */
export async function readSeed(project: Project): Promise<readonly SeedEntry[]> {
  return readYaml(join(project.root, "patches/seed.yaml"), seedFile, "patches/seed.yaml");
}
