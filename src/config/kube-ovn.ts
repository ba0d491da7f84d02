import { join } from "node:path";
import { z } from "zod";
import { exists } from "../sys/files.ts";
import { nameSchema, textSchema } from "../sys/schemas.ts";
import type { Project } from "./project.ts";
import { mergedChange } from "./source.ts";
import { readYaml } from "./yaml.ts";

const change = z
  .strictObject({
    id: textSchema.describe("Kube-OVN's name for it: the first digits of its commit, or its file."),
    source: nameSchema.describe("Source that it changes."),
    what: textSchema.describe("What it does, in Kube-OVN's words."),
    patches: z
      .array(z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "expected the name of a patch, without `.patch`"))
      .default([])
      .describe("Our patches for it, without `.patch`. A patch whose `Origin` names the `id` counts without being listed."),
    pick: z
      .string()
      .regex(/^[0-9a-f]{7,40}$/, "expected the first digits of a commit id")
      .exactOptional()
      .describe("Our pick for it: the first digits of its commit."),
    merged: z.strictObject(mergedChange).exactOptional().describe("If the pinned commit has it: how to see that."),
    dropped: textSchema.exactOptional().describe("Why the line does not carry it."),
    note: textSchema.exactOptional().describe("What is different here, for the page of the line."),
  })
  .superRefine(({ patches, pick, merged, dropped }, context) => {
    if (dropped !== undefined && (patches.length > 0 || pick !== undefined || merged !== undefined))
      context.addIssue({ code: "custom", path: ["dropped"], message: "it is not dropped if it has a patch, a pick or `merged`" });
  });

/** `patches/<line>/kube-ovn.yaml`. */
export const kubeOvnFile = z.strictObject({
  release: textSchema.describe("What the lists are of, such as `Kube-OVN's branch release-1.12 at 69bd76141648`."),
  lists: z
    .array(
      z.strictObject({
        title: textSchema.describe("Title of the list, on the page of the line."),
        from: textSchema.describe("What of Kube-OVN applies it, such as a Dockerfile."),
        changes: z.array(change).describe("Its changes, in the order in which it applies them."),
      }),
    )
    .describe("Lists of the changes that this release makes to Open vSwitch and OVN."),
});

/** The changes that a release of Kube-OVN makes to Open vSwitch and OVN, and what a line has for each. */
export type KubeOvn = Readonly<z.infer<typeof kubeOvnFile>>;
export type KubeOvnChange = Readonly<z.infer<typeof change>>;

/** The name of a line's file in messages. */
function shownName(line: string): string {
  return `patches/${line}/kube-ovn.yaml`;
}

/** Reads `patches/<line>/kube-ovn.yaml`; undefined if the line has none. Throws "project" if `schema` does not accept it. */
export async function readKubeOvn(
  project: Project,
  line: string,
  schema: z.ZodType<KubeOvn> = kubeOvnFile,
): Promise<KubeOvn | undefined> {
  const path = join(project.root, shownName(line));
  return (await exists(path)) ? readYaml(path, schema, shownName(line)) : undefined;
}
