import type { Step } from "../steps/registry.ts";
import type { Plan, PlannedJob } from "./plan.ts";

/**
 * The plan as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html): what is built of what, step by step. Holds nothing that
 * differs between machines or with the patches, so that it changes when a pipeline does.
 */
export function toMermaid(plan: Plan): string {
  const sources = [...new Set(plan.jobs.map((job) => job.source.name))];
  const lines = [
    ...sources.map((name) => `source_${idOf(name)}([${quoted(`${name}, patched`)}])`),
    ...plan.jobs.flatMap(showJob),
    `dist[(${quoted(`dist/${plan.target}`)})]`,
    ...plan.jobs.flatMap(showArrows),
  ];
  return ["flowchart LR", ...lines.map((line) => `  ${line}`), ""].join("\n");
}

function showJob(job: PlannedJob): readonly string[] {
  const steps = job.steps.map((step, index) => `  ${stepId(job, index)}[${quoted(describeStep(step))}]`);
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

function describeStep(step: Step): string {
  return [step.uses, ...madeBy(step)].join("<br>");
}

/** What a step makes, as far as the pipeline names it. */
function madeBy(step: Step): readonly string[] {
  switch (step.uses) {
    case "deb":
      return step.with.packages;
    case "mingw":
      return step.with.programs.map((program) => `${program.slice(program.lastIndexOf("/") + 1)}.exe`);
    case "msi":
      return [`${step.with.name}-*.msi`];
    case "download":
      return [step.with.folder];
    case "msys":
    case "shell":
      return [];
    case "zip":
      return [`${step.with.name}-*.zip`];
    default:
      return step satisfies never;
  }
}

function stepId(job: PlannedJob, index: number): string {
  return `step_${idOf(job.id)}_${index + 1}`;
}

/** Mermaid's ids have no hyphens that could be read as arrows; names have no underscores, so nothing clashes. */
function idOf(name: string): string {
  return name.replaceAll("-", "_");
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', "#quot;")}"`;
}
