import type { Step } from "../steps/registry.ts";
import { distName } from "./dist-name.ts";
import type { Plan, PlannedJob } from "./plan.ts";

/** Returns what a step makes, as far as the pipeline names it. */
type MadeBy = (step: Step) => readonly string[];

/**
 * Draws a plan as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html): what is built
 * from what, step by step. It depends only on the pipeline, not on the machine or the patches.
 */
export function toMermaid(plan: Plan, madeBy: MadeBy): string {
  const sources = [...new Set(plan.jobs.map((job) => job.source.name))];
  const lines = [
    ...sources.map((name) => `source_${idOf(name)}([${quoted(`${name}, patched`)}])`),
    ...plan.jobs.flatMap((job) => showJob(job, madeBy)),
    `dist[(${quoted(`dist/${distName(plan)}`)})]`,
    ...plan.jobs.flatMap(showArrows),
  ];
  return ["flowchart LR", ...lines.map((line) => `  ${line}`), ""].join("\n");
}

function showJob(job: PlannedJob, madeBy: MadeBy): readonly string[] {
  const steps = job.steps.map((step, index) => `  ${stepId(job, index)}[${quoted([step.uses, ...madeBy(step)].join("<br>"))}]`);
  const order = job.steps.slice(1).map((_, index) => `  ${stepId(job, index)} --> ${stepId(job, index + 1)}`);
  return [`subgraph job_${idOf(job.id)} [${quoted(job.id)}]`, "  direction TB", ...steps, ...order, "end"];
}

function showArrows(job: PlannedJob): readonly string[] {
  const own = `job_${idOf(job.id)}`;
  return [
    `source_${idOf(job.source.name)} --> ${own}`,
    ...job.needs.map((need) => `job_${idOf(need)} --> ${own}`),
    `${own} -- ${quoted(job.artifacts.join(" "))} --> dist`,
  ];
}

function stepId(job: PlannedJob, index: number): string {
  return `step_${idOf(job.id)}_${index + 1}`;
}

/**
 * Makes a Mermaid id. Mermaid could read a hyphen as an arrow; names have no underscores, so ids
 * stay unique.
 */
function idOf(name: string): string {
  return name.replaceAll("-", "_");
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', "#quot;")}"`;
}
