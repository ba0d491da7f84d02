import { Option } from "commander";
import { aboutLine, describeLine, type Line } from "../config/lines.ts";
import { unlockedLine } from "../config/lock.ts";
import { BuildError } from "../errors.ts";
import { describeBase } from "../plan/base.ts";
import { describeMissingPicks, missingPicksOf, listPicks, picksOf } from "../plan/picks.ts";
import { toMermaid } from "../plan/mermaid.ts";
import { makePlan, type Plan, type PlanInput } from "../plan/plan.ts";
import { examples, requestOptions, rootsOption, variantsOf, variantsOption } from "../program/values.ts";
import type { Define } from "../program/verb.ts";
import { hostRoot } from "../root/known.ts";
import { readRequest, type RequestOptions } from "../run/request.ts";
import { madeBy } from "../steps/registry.ts";
import { planMatrix } from "./plan-matrix.ts";
import { Json } from "../sys/json.ts";
import { count } from "../sys/text.ts";

interface PlanOptions extends Omit<RequestOptions, "root" | "variant"> {
  readonly variant: readonly string[];
  readonly root: readonly string[];
  readonly json: boolean;
  readonly mermaid: boolean;
  readonly githubMatrix: boolean;
}

/** `kovn-build plan`: shows what `build` with the same options will run. */
export const plan: Define = (command, context) => {
  requestOptions(command, { root: rootsOption(), variant: variantsOption() })
    .addOption(
      new Option("--mermaid", "print the graph of jobs and steps as a Mermaid flowchart").default(false).conflicts("json"),
    )
    .addOption(
      new Option("--github-matrix", "print the jobs of a workflow that builds every target, or the given one")
        .default(false)
        .implies({ target: "" }),
    )
    .addHelpText(
      "after",
      examples(
        ["kovn-build plan --target linux", "show jobs, bases and versions"],
        ["kovn-build plan --target linux --json", "print the plan that `build` runs"],
      ),
    )
    .action(async (options: PlanOptions) => {
      const { machine, host, actions, print, report } = context;
      const project = await context.project();
      if (options.githubMatrix) return print(await planMatrix(options, project, host, actions));
      const [root = hostRoot, another] = options.root;
      if (another !== undefined)
        throw new BuildError("usage", "A plan is for one root; only `--github-matrix` takes several.", {
          hint: `kovn-build plan --target ${options.target} --root ${root}`,
        });
      const variants = variantsOf(options);
      if (options.mermaid && variants.length > 1)
        throw new BuildError("usage", "A graph is of one variant.", {
          hint: `kovn-build plan --target ${options.target} --variant ${variants[0]} --mermaid`,
        });
      const inputs: PlanInput[] = [];
      for (const variant of variants) inputs.push(await readRequest({ ...options, variant, root }, { project, machine, host }));
      const [input] = inputs;
      if (input === undefined) return;
      const plans = inputs.map(makePlan);
      const said = new Set<string>();
      const { about, ended } = await aboutLine(project, input.line);
      if (input.locks === undefined && !options.unlocked) said.add(`${unlockedLine(input.line)}\n`);
      if (ended !== undefined) said.add(`${ended}\n`);
      for (const { source, base } of plans.flatMap(({ jobs }) => jobs)) {
        const lacks = describeMissingPicks(source.name, base);
        if (lacks !== undefined) said.add(`${lacks}\n`);
      }
      for (const sentence of said) report.write(sentence);
      if (options.mermaid) return print(plans.map((made) => toMermaid(made, madeBy)).join("\n"));
      if (options.json) return print(new Json(plans.length === 1 ? plans[0] : plans));
      print(plans.map((made) => showPlan(made, about)).join("\n"));
    });
};

function picksRow(name: string, picks: ReturnType<typeof picksOf>): readonly (readonly [string, string])[] {
  return picks.length === 0 ? [] : [[name, listPicks(picks)]];
}

/** Shows a plan as a table, one block per job. */
function showPlan(made: Plan, about: Line): string {
  const head = `${made.target}, line ${describeLine(about)}, variant ${made.variant}, ${made.arch}${made.root === undefined ? "" : `, in ${made.root}`}${made.buildArch === undefined ? "" : ` on ${made.buildArch}`}: ${made.flags}\n`;
  const blocks = made.jobs.map((job) => {
    const rows: readonly (readonly [string, string])[] = [
      ["needs", job.needs.join(", ") || "-"],
      ["base", describeBase(job.base)],
      ["else", job.otherBases.map(describeBase).join("; ") || "-"],
      ...picksRow("picks", picksOf(job.base)),
      ...picksRow("NO picks", missingPicksOf(job.base)),
      ["series", `${count(job.source.patches.length, "patch")}, revision ${job.source.revision}`],
      ...(job.packaging === undefined ? [] : [["packaging", `${count(job.packaging.length, "patch")} on top`] as const]),
      ...(job.distribution === undefined ? [] : [["built for", job.distribution] as const]),
      ["version", `<changelog's>${job.versionSuffix}`],
      ["steps", job.steps.map((step) => step.uses).join(" -> ")],
      ["artifacts", job.artifacts.join(" ")],
      ["key", job.key.slice(0, 16)],
    ];
    return [`\n${job.id}`, ...rows.map(([name, value]) => `  ${name.padEnd(10)} ${value}`)].join("\n");
  });
  return `${[head.trimEnd(), ...blocks].join("\n")}\n`;
}
