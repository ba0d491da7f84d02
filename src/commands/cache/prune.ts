import { assertVersion, cacheFolder, resultsLimit, trim } from "../../cache/folder.ts";
import { forgetGenerated } from "../../cache/generated.ts";
import { forgetCompilations } from "../../compile/ccache.ts";
import { byteCount, examples, positive } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { pruneRuns, runLimits } from "../../run/prune-runs.ts";
import type { Host } from "../../sys/exec.ts";
import { removeRoots } from "../../root/keep.ts";
import { runTask } from "../../sys/run-task.ts";
import { formatSize } from "../../sys/size.ts";
import { count } from "../../sys/text.ts";
import { lockIn, withLock } from "../../sys/with-lock.ts";

interface PruneOptions {
  readonly size?: number;
  readonly keepRuns: number;
}

/**
 * `kovn-build cache prune`: removes cached results and old runs until they fit a size. Size 0
 * removes cached compilations and generated files too; otherwise they keep their own limits.
 */
export const cachePrune: Define = (command, context) => {
  command
    .option(
      "--size <bytes>",
      "most bytes of results, and of runs, such as 500M; 0 removes all results, compilations, generated files, roots and runs but the newest; default: the limits of builds",
      byteCount,
    )
    .option("--keep-runs <n>", "runs to keep in .kovn/runs", positive, runLimits.keep)
    .addHelpText(
      "after",
      examples(
        ["kovn-build cache prune --size 1G", "keep at most 1 GB of results and 1 GB of runs"],
        ["kovn-build cache prune --keep-runs 1", "remove all runs but the newest"],
      ),
    )
    .action(async (options: PruneOptions) => {
      const { work } = await context.project();
      const { runs, results } = await context.report.run(async ({ host }) => prune(work, options, host));
      context.print(`${count(runs.runs, "run")} removed, ${formatSize(runs.size)}.\n`);
      context.print(`${count(results.results, "result")} removed, ${formatSize(results.size)}.\n`);
    });
};

async function prune(work: string, { size = Infinity, keepRuns }: PruneOptions, host: Host) {
  const cache = cacheFolder(work);
  await assertVersion(cache);
  const limits = { keep: keepRuns, bytes: Math.min(size, runLimits.bytes) };
  const runs = await runTask(host, "remove old runs", async (below) => pruneRuns(work, limits, below));
  const results = await runTask(host, "remove cached results", async (below) =>
    withLock(lockIn(cache), { host: below, other: `is using ${cache}` }, async () => trim(cache, Math.min(size, resultsLimit))),
  );
  if (size === 0) {
    await forgetGenerated(cache);
    await runTask(host, "remove cached compilations", async (below) => forgetCompilations(cache, below));
    await runTask(host, "remove roots", async (below) => removeRoots(work, below));
  }
  return { runs, results };
}
