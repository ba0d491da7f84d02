import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { packageName } from "../steps/deb.ts";
import { stepSchema } from "../steps/registry.ts";
import { unknownName } from "./names.ts";
import type { Project } from "./project.ts";
import { readYaml } from "./yaml.ts";

const name = z.string().regex(/^[a-z][a-z0-9-]*$/, "a name of small letters, digits and hyphens is wanted");

/** What is published or handed on lies in the job's folder. */
const inside = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith("/") && !path.includes(".."), "a path inside of the job's folder is wanted");

const job = z.strictObject({
  source: name.describe("the line's source of that name; patched, it becomes `src/` in the job's folder"),
  needs: z.array(name).default([]).describe("jobs whose `outputs` this one uses"),
  packages: z.array(packageName).default([]).describe("Debian packages that the machine must have"),
  steps: z.array(stepSchema).min(1).describe("run in order, in one folder"),
  outputs: z.array(inside).default([]).describe("folders of the job that jobs which need it may use"),
  artifacts: z.array(inside).min(1).describe("glob patterns below the job's `out/`: what is published"),
});

/** The schema of `pipelines/*.yaml`. */
export const pipelineSchema = z
  .strictObject({
    name,
    target: z.enum(["linux", "windows"]),
    flags: z
      .record(name, z.record(name, z.string()))
      .describe("compiler flags by variant and Debian architecture, added to the distribution's own"),
    jobs: z.record(name, job).refine((jobs) => Object.keys(jobs).length > 0, "at least one job is wanted"),
  })
  .superRefine(({ jobs }, context) => {
    for (const [id, { needs }] of Object.entries(jobs))
      for (const [index, need] of needs.entries())
        if (!Object.hasOwn(jobs, need))
          context.addIssue({
            code: "custom",
            path: ["jobs", id, "needs", index],
            message: `Job \`${id}\` needs \`${need}\`, and there is no such job`,
          });
  });

/** Jobs in a graph, for one target: a checked file of `pipelines/`. */
export type Pipeline = Readonly<z.infer<typeof pipelineSchema>>;
export type PipelineJob = Pipeline["jobs"][string];

/** The pipeline for a target. Throws "usage" for an unknown target, "project" for a broken file. */
export async function readPipeline(project: Project, target: string): Promise<Pipeline> {
  const dir = join(project.root, "pipelines");
  const files = (await readdir(dir)).filter((file) => file.endsWith(".yaml")).toSorted();
  const pipelines = await Promise.all(files.map((file) => readYaml(join(dir, file), pipelineSchema, `pipelines/${file}`)));
  const found = pipelines.find((pipeline) => pipeline.target === target);
  if (found === undefined) throw unknownName("Target", target, [...new Set(pipelines.map((pipeline) => pipeline.target))]);
  return found;
}
