import { dirname } from "node:path";
import { assertVersion, cacheFolder, resultsLimit } from "../../cache/folder.ts";
import { listResults, sizeOf, type StoredResult } from "../../cache/result.ts";
import { compilations } from "../../compile/ccache.ts";
import type { Context } from "../../program/context.ts";
import { examples, jsonOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { archivesFolder } from "../../root/archive.ts";
import { listRoots, rootsFolder, type ListedRoot } from "../../root/keep.ts";
import { measureRuns, runLimits } from "../../run/prune-runs.ts";
import { folderSize } from "../../sys/files.ts";
import { formatSize } from "../../sys/size.ts";
import { count, minute } from "../../sys/text.ts";
import { Json } from "../../sys/json.ts";

/** `kovn-build cache list`: lists the cached results and the roots, last used first, and the sums, also of runs. */
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
  const roots = await listRoots(work);
  const archives = await folderSize(archivesFolder(rootsFolder(work)));
  if (json)
    return new Json({
      schema: 1,
      entries: results.map(jsonOf),
      compilations: compiled,
      runs,
      roots: roots.map(jsonOfRoot),
      archives,
    });
  const total = results.reduce((sum, result) => sum + sizeOf(result), 0);
  const sums = [
    `${count(results.length, "result")} of at most ${formatSize(resultsLimit)}: ${formatSize(total)}\n`,
    ...(compiled === undefined ? [] : [`compilations of at most ${formatSize(compiled.limit)}: ${formatSize(compiled.size)}\n`]),
    `${count(runs.length, "run")} of at most ${runLimits.keep} and ${formatSize(runLimits.bytes)}: ${formatSize(runs.reduce((sum, run) => sum + run.size, 0))}\n`,
  ];
  const inRoots = roots.reduce((sum, { size }) => sum + size, 0);
  if (roots.length + archives > 0)
    sums.push(`${count(roots.length, "root")}: ${formatSize(inRoots)}, and ${formatSize(archives)} of their archives\n`);
  return [...results.map(showResult), ...roots.map(showRoot), ...sums].join("");
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

function jsonOfRoot({ name, tree, made, used, size, packages }: ListedRoot) {
  return { name, folder: dirname(tree), made, used: new Date(used).toISOString(), size, packages: Object.keys(packages).length };
}

function showRoot({ name, packages, made, used, size }: ListedRoot): string {
  const columns = [`root ${name}`, count(Object.keys(packages).length, "package"), `made ${minute(made)}`];
  return `${[...columns, `used ${minute(new Date(used).toISOString())}`, formatSize(size)].join("  ")}\n`;
}
