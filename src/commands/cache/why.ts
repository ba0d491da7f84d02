import { makePlan } from "../../plan/plan.ts";
import { openCache } from "../../cache/cache.ts";
import { cacheFolder } from "../../cache/folder.ts";
import { explainMiss, lookUp, type Lookup } from "../../cache/lookup.ts";
import type { StoredResult } from "../../cache/result.ts";
import type { Context } from "../../program/context.ts";
import { examples, requestOptions, runnerOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { keptRoots, treesOf } from "../../run/roots.ts";
import { assertArch, readRequest, type RequestOptions } from "../../run/request.ts";
import { Json } from "../../sys/json.ts";

interface WhyOptions extends RequestOptions {
  readonly json: boolean;
}

/** `kovn-build cache why`: says for each job whether its result is cached, and if not, what changed. */
export const cacheWhy: Define = (command, context) => {
  requestOptions(command)
    .addOption(runnerOption())
    .addHelpText("after", examples(["kovn-build cache why --target linux", "say why a job would be built again"]))
    .action(async (options: WhyOptions) =>
      context.print(await context.report.run(async ({ host }) => explain(options, { ...context, host }))),
    );
};

async function explain(options: WhyOptions, context: Context): Promise<string | Json> {
  const { machine, host } = context;
  const project = await context.project();
  const input = await readRequest(options, { project, machine, host });
  assertArch({ ...input, runner: options.runner, target: options.target }, machine);
  const plan = makePlan(input);
  const cache = await openCache(cacheFolder(project.work), { host });
  const results = (await cache?.list()) ?? [];
  const lookups = await lookUp(plan, cache, {
    host,
    trees: treesOf(await keptRoots({ ...input, runner: options.runner }, plan.jobs, { project })),
  });
  const answers = lookups.map((lookup) => answer(lookup, results));
  if (options.json) return new Json({ schema: 1, jobs: answers });
  return answers.map(showAnswer).join("");
}

interface Answer {
  readonly job: string;
  readonly key: string;
  /** When the cached result was finished; absent when there is none. */
  readonly finished?: string;
  /** When the most similar result was finished, and what differs; absent when the job has no result. */
  readonly nearest?: { readonly finished: string; readonly changes: readonly string[] };
}

function answer(lookup: Lookup, results: readonly StoredResult[]): Answer {
  const { job, key, result } = lookup;
  if (result !== undefined) return { job: job.id, key, finished: result.finished };
  const miss = explainMiss(lookup, results);
  if (miss === undefined) return { job: job.id, key };
  return { job: job.id, key, nearest: { finished: miss.nearest.finished, changes: miss.changes } };
}

function showAnswer({ job, key, finished, nearest }: Answer): string {
  const head = `${job}  ${key.slice(0, 12)}`;
  if (finished !== undefined) return `${head}  cached, built ${finished}\n`;
  if (nearest === undefined) return `${head}  not cached, and no other result of this job is\n`;
  const lines = [
    `${head}  not cached; compared with the result of ${nearest.finished}:`,
    ...nearest.changes.map((change) => `  ${change}`),
  ];
  return `${lines.join("\n")}\n`;
}
