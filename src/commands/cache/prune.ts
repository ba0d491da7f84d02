import { assertVersion, cacheFolder, resultsLimit, trim } from "../../cache/folder.ts";
import { forgetCompilations } from "../../compile/ccache.ts";
import { byteCount, examples } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { formatSize } from "../../sys/size.ts";
import { withLock } from "../../sys/with-lock.ts";

/**
 * `kovn-build cache prune`: removes cached results until they fit a size. Size 0 removes cached
 * compilations too; otherwise ccache keeps its own limit.
 */
export const cachePrune: Define = (command, context) => {
  command
    .option(
      "--size <bytes>",
      "what the rest may take, such as 500M; 0 removes everything, cached compilations too; default: the limit of builds",
      byteCount,
    )
    .addHelpText("after", examples(["kovn-build cache prune --size 2G", "keep at most 2 GB of results"]))
    .action(async ({ size = resultsLimit }: { readonly size?: number }) => {
      const { host, print } = context;
      const cache = cacheFolder((await context.project()).work);
      await assertVersion(cache);
      const removed = await withLock(cache, { signal: host.signal }, () => trim(cache, size));
      if (size === 0) await forgetCompilations(cache, host);
      print(`${removed.results} removed, ${formatSize(removed.size)}.\n`);
    });
};
