import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { packageName } from "../steps/deb.ts";
import { insidePattern } from "../steps/path.ts";
import { areForDistribution, packagesOf, stepSchema } from "../steps/registry.ts";
import { readText } from "../sys/read-file.ts";
import { nameSchema, pathSchema } from "../sys/schemas.ts";
import { unknownName } from "./names.ts";
import type { Project } from "./project.ts";
import { readYaml } from "./yaml.ts";

const name = nameSchema;

const jobSchema = z.strictObject({
  source: name.describe("Source of the line. Its patched tree is `src/` in the job's folder."),
  needs: z.array(name).default([]).describe("Jobs whose `outputs` this one uses. They run first."),
  packages: z
    .array(packageName)
    .default([])
    .describe("Debian packages that the source needs. Those that the step kinds need are added."),
  libraries: z
    .array(packageName)
    .exactOptional()
    .describe(
      "More Debian packages: those that the source is compiled and linked with, and pkg-config, which finds them. A job that is cross-compiled gets them for the other architecture, and its other packages, which are programs, for the machine's.",
    ),
  variants: z
    .record(
      name.describe("variant"),
      z.strictObject({
        libraries: z.array(packageName).exactOptional().describe("More Debian packages, as the job's `libraries`."),
        artifacts: z.array(insidePattern).min(1).exactOptional().describe("Files to publish, instead of the job's `artifacts`."),
      }),
    )
    .exactOptional()
    .describe("What is different in a variant. Steps have `variants` too."),
  packaging: z
    .literal(true)
    .exactOptional()
    .describe("The job makes packages: the source's `packaging/` patches are applied on top of its series."),
  inputs: z.array(pathSchema).exactOptional().describe("Files beside the pipeline that steps find in the job's `inputs/`."),
  driver: z
    .literal(true)
    .exactOptional()
    .describe("The job uses the folder of `--driver`, if one is given, as `inputs/driver/`."),
  steps: z.array(stepSchema).min(1).describe("Steps, run in order in the job's folder."),
  outputs: z
    .array(insidePattern)
    .default([])
    .describe("Files of the job (glob patterns) that jobs which need it may use. They are kept with its result."),
  artifacts: z.array(insidePattern).min(1).describe("Files below `out/` (glob patterns) to publish. Each pattern must match."),
});

/** A job with what its step kinds add. */
interface WholeJob extends z.infer<typeof jobSchema> {
  /** True for a job whose packages are for the distribution of the machine that builds. */
  readonly isForDistribution?: true;
}

/** Adds the Debian packages that a job's step kinds need, and whether it makes packages. */
function withStepKinds(job: z.infer<typeof jobSchema>): WholeJob {
  const packages = [...new Set([...job.packages, ...(job.libraries ?? []), ...packagesOf(job.steps)])].toSorted();
  const isFor = job.packaging === true || areForDistribution(job.steps);
  return { ...job, packages, ...(isFor ? { isForDistribution: true } : {}) };
}

const until = z.record(
  name.describe("source"),
  z.strictObject({
    version: z
      .string()
      .regex(/^\d+\.\d+$/, "expected two numbers, such as 3.7")
      .describe("The last release, such as `3.7`."),
    why: z.string().min(1).describe("Why later releases cannot be built."),
  }),
);

const pinned = z.record(name.describe("source"), z.string().min(1).describe("Why no alternate can be built."));

const systems = ["linux", "windows"] as const;

/** Operating system of a machine. */
export type System = (typeof systems)[number];

/** The schema of `pipelines/*.yaml`. */
export const pipelineSchema = z
  .strictObject({
    name: name.describe("Name of the pipeline, as messages show it."),
    target: z.enum(systems).describe("System that the artifacts are for: what `--target` selects."),
    host: z.enum(systems).default("linux").describe("System that the pipeline runs on."),
    toolchain: name.exactOptional().describe("What `--toolchain` selects, if a target has several pipelines."),
    until: until.exactOptional().describe("The last upstream release of a source that this pipeline can build."),
    pinned: pinned.exactOptional().describe("Sources that are built from their pinned commit only, not from an alternate."),
    variants: z
      .record(
        name.describe("variant"),
        z.strictObject({
          until: until.exactOptional().describe("As the pipeline's `until`."),
          pinned: pinned.exactOptional().describe("As the pipeline's `pinned`."),
        }),
      )
      .exactOptional()
      .describe("Variants that cannot be built of every release, or not of alternates."),
    provers: z.array(packageName).exactOptional().describe("Debian packages that `patches prove` needs to run the programs."),
    flags: z
      .record(name.describe("variant"), z.record(name.describe("architecture"), z.string()))
      .describe("Compiler flags by variant and Debian architecture, added to the distribution's own."),
    jobs: z
      .record(name.describe("job"), jobSchema.transform(withStepKinds))
      .refine((jobs) => Object.keys(jobs).length > 0, "expected at least one job")
      .describe("Jobs by name."),
  })
  .superRefine(({ flags, variants = {}, jobs }, context) => {
    const assertVariants = (named: object, path: readonly PropertyKey[]) => {
      for (const variant of Object.keys(named))
        if (!Object.hasOwn(flags, variant))
          context.addIssue({
            code: "custom",
            path: [...path, variant],
            message: `\`flags\` has no variant \`${variant}\``,
          });
    };
    assertVariants(variants, ["variants"]);
    for (const [id, job] of Object.entries(jobs)) {
      assertVariants(job.variants ?? {}, ["jobs", id, "variants"]);
      for (const [index, step] of job.steps.entries())
        assertVariants(step.variants ?? {}, ["jobs", id, "steps", index, "variants"]);
    }
    for (const [id, { needs }] of Object.entries(jobs))
      for (const [index, need] of needs.entries())
        if (!Object.hasOwn(jobs, need))
          context.addIssue({
            code: "custom",
            path: ["jobs", id, "needs", index],
            message: `Job \`${id}\` needs job \`${need}\`, which does not exist`,
          });
  });

/** A checked file of `pipelines/`: a graph of jobs for one target. */
export type Pipeline = Readonly<z.infer<typeof pipelineSchema>>;
export type PipelineJob = Pipeline["jobs"][string];

/** Reads all pipelines, in the order of their file names. Throws "project" for a wrong file. */
export async function readPipelines(project: Project): Promise<readonly Pipeline[]> {
  return readFiles(project, await pipelineFiles(project));
}

async function pipelineFiles({ root }: Project): Promise<readonly string[]> {
  return (await readdir(join(root, "pipelines"))).filter((file) => file.endsWith(".yaml")).toSorted();
}

async function readFiles({ root }: Project, files: readonly string[]): Promise<readonly Pipeline[]> {
  return Promise.all(files.map((file) => readYaml(join(root, "pipelines", file), pipelineSchema, `pipelines/${file}`)));
}

/**
 * Reads the pipelines of a target. Files whose line `target:` names another one are not checked, so
 * they cannot stop a build, and cost no time.
 */
async function readPipelinesFor(project: Project, target: string): Promise<readonly Pipeline[]> {
  const files = await pipelineFiles(project);
  const targets = await Promise.all(
    files.map(async (file) => {
      const text = await readText(join(project.root, "pipelines", file), "a project file").catch(() => "");
      return /^target: *([\w-]+) *$/m.exec(text)?.[1];
    }),
  );
  const possible = files.filter((_, index) => targets[index] === undefined || targets[index] === target);
  return (await readFiles(project, possible)).filter((pipeline) => pipeline.target === target);
}

/** Selects one of a target's pipelines. */
export interface PipelineChoice {
  readonly target: string;
  /**
   * A pipeline's `toolchain`. By default, the first pipeline that runs on this machine is taken.
   */
  readonly toolchain?: string;
}

/**
 * Reads the pipeline for a target: that of the given toolchain, else the first that runs on this
 * system, else the first. Throws "usage" for an unknown target or toolchain, "project" for a wrong
 * file.
 */
export async function readPipeline(project: Project, choice: PipelineChoice, system: System): Promise<Pipeline> {
  const { target, toolchain } = choice;
  const possible = await readPipelinesFor(project, target);
  const [first] = possible;
  if (first === undefined)
    throw unknownName("Target", target, [...new Set((await readPipelines(project)).map((pipeline) => pipeline.target))]);
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
