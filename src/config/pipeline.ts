import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BuildError } from "../errors.ts";
import { stepSchema } from "../steps/registry.ts";
import { unknownName } from "./names.ts";
import type { Project } from "./project.ts";
import { readYaml } from "./yaml.ts";

const name = z.string().regex(/^[a-z][a-z0-9-]*$/, "a name of small letters, digits and hyphens is wanted");

const job = z.strictObject({
  source: name.describe("the line's source of that name; patched, it becomes `src/` in the job's folder"),
  needs: z.array(name).default([]).describe("jobs whose `outputs` this one uses"),
  packages: z.array(z.string().min(1)).default([]).describe("Debian packages that the machine must have"),
  steps: z.array(stepSchema).min(1).describe("run in order, in one folder"),
  outputs: z.array(z.string().min(1)).default([]).describe("folders of the job that jobs which need it may use"),
  artifacts: z.array(z.string().min(1)).min(1).describe("glob patterns below the job's `out/`: what is published"),
});

/** The schema of `pipelines/*.yaml`. */
export const pipelineSchema = z.strictObject({
  name,
  target: z.enum(["linux", "windows"]),
  flags: z
    .record(name, z.record(name, z.string()))
    .describe("compiler flags by variant and Debian architecture, added to the distribution's own"),
  jobs: z.record(name, job),
});

/** Jobs in a graph, for one target: a checked file of `pipelines/`. */
export type Pipeline = Readonly<z.infer<typeof pipelineSchema>>;
export type PipelineJob = Pipeline["jobs"][string];

/** The pipeline for a target. Throws "usage" for an unknown target, "project" for a broken file. */
export async function readPipeline(project: Project, target: string): Promise<Pipeline> {
  const dir = join(project.root, "pipelines");
  const files = (await readdir(dir)).filter((file) => file.endsWith(".yaml")).toSorted();
  const pipelines = await Promise.all(
    files.map(async (file) => {
      const shown = `pipelines/${file}`;
      const pipeline = await readYaml(join(dir, file), pipelineSchema, shown);
      checkNeeds(pipeline, shown);
      return pipeline;
    }),
  );
  const found = pipelines.find((pipeline) => pipeline.target === target);
  if (found === undefined) throw unknownName("Target", target, [...new Set(pipelines.map((pipeline) => pipeline.target))]);
  return found;
}

function checkNeeds(pipeline: Pipeline, shown: string): void {
  const problems = Object.entries(pipeline.jobs).flatMap(([id, { needs }]) =>
    needs
      .filter((need) => pipeline.jobs[need] === undefined)
      .map((need) => `${shown}: Job \`${id}\` needs \`${need}\`, and there is no such job.`),
  );
  if (problems.length > 0) throw new BuildError("project", problems.join("\n"));
}
