import { z } from "zod";
import { gitIdSchema, pathSchema } from "../sys/schemas.ts";

/** A path that a pick leaves out: a file, or with `/` at its end a folder. */
const leftOutPath = z.string().superRefine((path, context) => {
  const issue = pathSchema.safeParse(path.replace(/\/$/, "")).error?.issues[0];
  if (issue !== undefined) context.addIssue(`${issue.message}; a folder ends with \`/\``);
});

const pick = z.strictObject({
  commit: gitIdSchema.describe("Upstream's commit. It may be on any branch."),
  why: z
    .string()
    .regex(/^\S(.*\S)?$/, "expected one line of text, without spaces around it")
    .describe("What it fixes, for people. Release notes and the SBOM have it."),
  without: z
    .array(leftOutPath)
    .default([])
    .describe("Paths of the commit that are left out: files, and folders with `/` at the end."),
});

/** An upstream commit that is taken onto the pin, before the series. */
export type UpstreamPick = Readonly<z.infer<typeof pick>>;

/** The field `picks` of `source.yaml`. */
export const picksSchema = z.array(pick).superRefine((picks, context) => {
  for (const [index, { commit, without }] of picks.entries()) {
    if (picks.findIndex((other) => other.commit === commit) < index)
      context.addIssue({ code: "custom", path: [index, "commit"], message: "this commit is picked twice" });
    for (const [at, path] of without.entries())
      if (without.indexOf(path) < at)
        context.addIssue({ code: "custom", path: [index, "without", at], message: "this path is listed twice" });
  }
});
