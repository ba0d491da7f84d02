import { assertVersion, cacheFolder, resultsLimit } from "../../cache/folder.ts";
import { listResults, sizeOf, type StoredResult } from "../../cache/result.ts";
import { compilations } from "../../compile/ccache.ts";
import type { Context } from "../../program/context.ts";
import { examples, jsonOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { measureRuns, runLimits } from "../../run/prune-runs.ts";
import { formatSize } from "../../sys/size.ts";
import { count } from "../../sys/text.ts";
import { Json } from "../../sys/json.ts";

/** `kovn-build cache list`: lists the cached results, most recently used first, and the totals, also of runs. */
export const cacheList: Define = (command, context) => {
  command
    .addOption(jsonOption())
    .addHelpText("after", examples(["kovn-build cache list", "show what is cached and how large it is"]))
    .action(async (options: { readonly json: boolean }) => context.print(await list(options, context)));
};

async function list({ json }: { readonly json: boolean }, context: Context): Promise<string | Json> {
  const { work } = await context.project();
  const cache = cacheFolder(work);
  await assertVersion(cache);
  const results = await listResults(cache);
  const compiled = await compilations(cache, context.host);
  const runs = await measureRuns(work);
  if (json) return new Json({ schema: 1, entries: results.map(jsonOf), compilations: compiled, runs });
  const total = results.reduce((sum, result) => sum + sizeOf(result), 0);
  const sums = [
    `${count(results.length, "result")} of at most ${formatSize(resultsLimit)}: ${formatSize(total)}\n`,
    ...(compiled === undefined ? [] : [`compilations of at most ${formatSize(compiled.limit)}: ${formatSize(compiled.size)}\n`]),
    `${count(runs.length, "run")} of at most ${runLimits.keep} and ${formatSize(runLimits.bytes)}: ${formatSize(runs.reduce((sum, run) => sum + run.size, 0))}\n`,
  ];
  return [...results.map(showResult), ...sums].join("");
}

function jsonOf(result: StoredResult) {
  const { key, finished, used, built, parts } = result;
  return { key, finished, used: new Date(used).toISOString(), size: sizeOf(result), job: built.id, parts };
}

function showResult(result: StoredResult): string {
  const { key, parts, built, finished, used } = result;
  const what = ["target", "line", "variant", "architecture"].map((name) => parts[name]).join(" ");
  const columns = [key.slice(0, 12), built.id.padEnd(12), what, `built ${minute(finished)}`];
  return `${[...columns, `used ${minute(new Date(used).toISOString())}`, formatSize(sizeOf(result))].join("  ")}\n`;
}

function minute(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}
