import { z } from "zod";
import { nameSchema } from "../sys/schemas.ts";
import { deb } from "./deb.ts";
import { download } from "./download.ts";
import { mingw } from "./mingw.ts";
import { msi } from "./msi.ts";
import { msys } from "./msys.ts";
import { shell } from "./shell.ts";
import type { StepContext, StepKind } from "./step.ts";
import { zip } from "./zip.ts";

/** Every step kind. A new kind is one file and one line here. */
export const stepKinds = [deb, download, mingw, msi, msys, shell, zip] as const;

type Kind = (typeof stepKinds)[number];
type StepOf<K> = K extends StepKind<infer Name, infer Input> ? { readonly uses: Name; readonly with: Input } : never;

/** A step of a job: `uses` names its kind, `with` is its input. */
export type Step = StepOf<Kind>;

/** A step as a pipeline has it: `variants` has the fields of `with` that differ, by variant. */
export type PipelineStep = Step & { readonly variants?: Readonly<Record<string, Readonly<Record<string, unknown>>>> };

/**
 * The schema of a step has one branch for each kind, so that an unknown kind or key is reported
 * where it stands.
 */
export const stepSchema = z.discriminatedUnion("uses", stepKinds.map(branchOf) as unknown as readonly [Branch, ...Branch[]]);

type Branch = z.ZodType<PipelineStep> & z.core.$ZodTypeDiscriminable;

function branchOf({ name, schema }: Kind) {
  return z
    .strictObject({
      uses: z.literal(name),
      with: schema,
      variants: z
        .record(nameSchema.describe("variant"), z.record(z.string().describe("field"), z.unknown()))
        .exactOptional()
        .describe("Fields of `with` that are others in a variant; `env` is added to that of `with`."),
    })
    .superRefine(({ with: input, variants = {} }, context) => {
      for (const [variant, fields] of Object.entries(variants))
        for (const issue of schema.safeParse(override(input, fields)).error?.issues ?? [])
          context.addIssue({ code: "custom", path: ["variants", variant, ...issue.path], message: issue.message });
    });
}

/** A step as it is in a variant. */
export function stepFor({ variants, ...step }: PipelineStep, variant: string): Step {
  // The schema checked the whole of it.
  return stepSchema.parse({ ...step, with: override(step.with, variants?.[variant] ?? {}) });
}

type Fields = Readonly<Record<string, unknown>> & { readonly env?: unknown };

/** Fields of a step with those of a variant, whose environment is added to the step's. */
function override(input: Fields, own: Fields): Fields {
  if (typeof input.env !== "object" || typeof own.env !== "object") return { ...input, ...own };
  return { ...input, ...own, env: { ...input.env, ...own.env } };
}

/** Runs one step in its job's folder. Throws "build" when it fails. */
export async function runStep(step: Step, context: StepContext): Promise<void> {
  await kindOf(step).run(step.with, context);
}

/** Whether one of these steps has something to do ahead. */
export function canBegin(steps: readonly Step[]): boolean {
  return steps.some((step) => kindOf(step).begin !== undefined);
}

/** Does ahead what a step can do before any other. Throws "build" when it fails. */
export async function beginStep(step: Step, context: StepContext): Promise<void> {
  await kindOf(step).begin?.(step.with, context);
}

/** What a step makes, as far as its input names it. */
export function madeBy(step: Step): readonly string[] {
  return kindOf(step).makes(step.with);
}

/** The Debian packages that the kinds of these steps need. */
export function packagesOf(steps: readonly Step[]): readonly string[] {
  return steps.flatMap((step) => kindOf(step).packages ?? []);
}

/** Whether one of these steps makes packages for the distribution of the machine that builds them. */
export function areForDistribution(steps: readonly Step[]): boolean {
  return steps.some((step) => kindOf(step).isForDistribution === true);
}

/** Whether one of these steps compiles for another system than the one it runs on. */
export function crossCompiles(steps: readonly Step[]): boolean {
  return steps.some((step) => kindOf(step).crossCompiles === true);
}

/** The kind of a step. The schema checked that the kind exists and that `with` is its input. */
function kindOf(step: Step): StepKind<string, unknown> {
  const kind = stepKinds.find(({ name }) => name === step.uses);
  return kind as StepKind<string, unknown>;
}
