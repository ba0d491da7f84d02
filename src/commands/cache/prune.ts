import { assertVersion, cacheFolder, resultsLimit, trim } from "../../cache/folder.ts";
import { forgetCompilations } from "../../compile/ccache.ts";
import { byteCount, examples, positive } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { pruneRuns, runLimits } from "../../run/prune-runs.ts";
import { formatSize } from "../../sys/size.ts";
import { count } from "../../sys/text.ts";
import { withLock } from "../../sys/with-lock.ts";

interface PruneOptions {
  readonly size?: number;
  readonly keepRuns: number;
}

/**
 * `kovn-build cache prune`: removes cached results and old runs until they fit a size. Size 0
 * removes cached compilations too; otherwise ccache keeps its own limit.
 */
export const cachePrune: Define = (command, context) => {
  command
    .option(
      "--size <bytes>",
      "what results, and what runs, may take, such as 500M; 0 removes all but the newest run, cached compilations too; default: the limits of builds",
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
    .action(async ({ size = Infinity, keepRuns }: PruneOptions) => {
      const { host, print } = context;
      const { work } = await context.project();
      const runs = await pruneRuns(work, { keep: keepRuns, bytes: Math.min(size, runLimits.bytes) }, host.signal);
      print(`${count(runs.runs, "run")} removed, ${formatSize(runs.size)}.\n`);
      const cache = cacheFolder(work);
      await assertVersion(cache);
      const limit = Math.min(size, resultsLimit);
      const results = await withLock(cache, { signal: host.signal }, () => trim(cache, limit));
      if (size === 0) await forgetCompilations(cache, host);
      print(`${count(results.results, "result")} removed, ${formatSize(results.size)}.\n`);
    });
};
