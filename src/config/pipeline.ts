import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { packageName } from "../steps/deb.ts";
import { insidePath } from "../steps/path.ts";
import { packagesOf, stepSchema } from "../steps/registry.ts";
import { unknownName } from "./names.ts";
import type { Project } from "./project.ts";
import { readYaml } from "./yaml.ts";

const name = z.string().regex(/^[a-z][a-z0-9-]*$/, "a name of small letters, digits and hyphens is wanted");

const jobSchema = z.strictObject({
  source: name.describe("the line's source of that name; patched, it becomes `src/` in the job's folder"),
  needs: z.array(name).default([]).describe("jobs whose `outputs` this one uses"),
  packages: z
    .array(packageName)
    .default([])
    .describe("Debian packages that the machine must have, besides those that the step kinds need"),
  inputs: z.array(insidePath).exactOptional().describe("files beside the pipeline that steps find in the job's `inputs/`"),
  driver: z.literal(true).exactOptional().describe("takes the folder of `--driver`, if one is given, as `inputs/driver/`"),
  steps: z.array(stepSchema).min(1).describe("run in order, in one folder"),
  outputs: z.array(insidePath).default([]).describe("folders of the job that jobs which need it may use"),
  artifacts: z.array(insidePath).min(1).describe("glob patterns below the job's `out/`: what is published"),
});

/** A job with the Debian packages that its step kinds need. */
function withStepPackages(job: z.infer<typeof jobSchema>): z.infer<typeof jobSchema> {
  return { ...job, packages: [...new Set([...job.packages, ...packagesOf(job.steps)])].toSorted() };
}

const systems = ["linux", "windows"] as const;

/** A system that programs run on. */
export type System = (typeof systems)[number];

/** The schema of `pipelines/*.yaml`. */
export const pipelineSchema = z
  .strictObject({
    name,
    target: z.enum(systems),
    host: z.enum(systems).default("linux").describe("the system that it runs on"),
    toolchain: name.exactOptional().describe("what `--toolchain` calls it, where a target has several pipelines"),
    until: z
      .record(name, z.strictObject({ version: z.string().regex(/^\d+\.\d+$/), why: z.string().min(1) }))
      .exactOptional()
      .describe("the last upstream release of a source that this pipeline can build, and why no later one"),
    provers: z.array(packageName).exactOptional().describe("Debian packages that `patches prove` needs for its programs"),
    flags: z
      .record(name, z.record(name, z.string()))
      .describe("compiler flags by variant and Debian architecture, added to the distribution's own"),
    jobs: z
      .record(name, jobSchema.transform(withStepPackages))
      .refine((jobs) => Object.keys(jobs).length > 0, "at least one job is wanted"),
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

/** All pipelines, in the order of their files' names. Throws "project" for a broken file. */
export async function readPipelines(project: Project): Promise<readonly Pipeline[]> {
  const dir = join(project.root, "pipelines");
  const files = (await readdir(dir)).filter((file) => file.endsWith(".yaml")).toSorted();
  return Promise.all(files.map((file) => readYaml(join(dir, file), pipelineSchema, `pipelines/${file}`)));
}

/** What decides between the pipelines of a target. */
export interface PipelineChoice {
  readonly target: string;
  /** The pipeline's `toolchain`; by default that of the first pipeline for this machine's system. */
  readonly toolchain?: string;
}

/**
 * The pipeline for a target: the one of the named toolchain, else one that runs on this system, else the first. Throws "usage" for an unknown
 * target or toolchain, "project" for a broken file.
 */
export async function readPipeline(project: Project, choice: PipelineChoice, system: System): Promise<Pipeline> {
  const { target, toolchain } = choice;
  const pipelines = await readPipelines(project);
  const possible = pipelines.filter((pipeline) => pipeline.target === target);
  const [first] = possible;
  if (first === undefined) throw unknownName("Target", target, [...new Set(pipelines.map((pipeline) => pipeline.target))]);
  if (toolchain === undefined) return possible.find((pipeline) => pipeline.host === system) ?? first;
  const named = possible.find((pipeline) => pipeline.toolchain === toolchain);
  if (named === undefined)
    throw unknownName(
      "Toolchain",
      toolchain,
      possible.flatMap((pipeline) => pipeline.toolchain ?? []),
    );
  return named;
}
