import type { Project } from "../config/project.ts";
import { describeBase } from "../plan/base.ts";
import { toMermaid } from "../plan/mermaid.ts";
import { makePlan, type Plan } from "../plan/plan.ts";
import type { Host } from "../sys/exec.ts";
import { readRequest, type Machine, type RequestOptions } from "../run/request.ts";

export interface PlanOptions extends RequestOptions {
  readonly json: boolean;
  readonly mermaid: boolean;
}

/** `kovn-build plan`: what `build` with the same options will run, as a text for people, as JSON or as a picture. */
export async function planCommand(options: PlanOptions, project: Project, machine: Machine, host: Host): Promise<string> {
  const plan = makePlan(await readRequest(options, project, machine, host));
  if (options.mermaid) return toMermaid(plan);
  return options.json ? `${JSON.stringify(plan, undefined, 2)}\n` : showPlan(plan);
}

/** The plan as a table, a block a job. */
function showPlan(plan: Plan): string {
  const head = `${plan.target}, line ${plan.line}, variant ${plan.variant}, ${plan.arch}: ${plan.flags}\n`;
  const blocks = plan.jobs.map((job) => {
    const rows: readonly (readonly [string, string])[] = [
      ["needs", job.needs.join(", ") || "-"],
      ["base", describeBase(job.base)],
      ["else", job.otherBases.map(describeBase).join("; ") || "-"],
      ["series", `${job.source.patches.length} patches, revision ${job.source.revision}`],
      ["version", `<changelog's>${job.versionSuffix}`],
      ["steps", job.steps.map((step) => step.uses).join(" -> ")],
      ["artifacts", job.artifacts.join(" ")],
      ["key", job.key.slice(0, 16)],
    ];
    return [`\n${job.id}`, ...rows.map(([name, value]) => `  ${name.padEnd(10)} ${value}`)].join("\n");
  });
  return `${[head.trimEnd(), ...blocks].join("\n")}\n`;
}
