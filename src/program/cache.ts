import type { Command } from "commander";
import type { CacheWhyOptions } from "../commands/cache/why.ts";
import { byteCount, requestOptions } from "./values.ts";
import type { Context } from "./context.ts";

/** Adds `cache …`: what is kept of finished jobs. */
export function addCache(program: Command, { machine, project, host, print, tell }: Context): void {
  const cache = program.command("cache").description("results of finished jobs, kept for later builds");

  cache
    .command("list")
    .description("what is kept, the last used first")
    .option("--json", "machine-readable output", false)
    .action(async (options: { json: boolean }) => {
      const { cacheList } = await import("../commands/cache/list.ts");
      print(await cacheList(options, await project(), host));
    });

  requestOptions(
    cache.command("why").description("for each job of a build whether its result is kept, and if not, what changed"),
  ).action(async (options: CacheWhyOptions) => {
    const { cacheWhy } = await import("../commands/cache/why.ts");
    print(await cacheWhy(options, { project: await project(), machine, host, tell }));
  });

  cache
    .command("prune")
    .description("remove what was not used for the longest time, until the rest fits")
    .option(
      "--size <bytes>",
      "what the rest may have, such as 500M; 0 removes all, also what ccache has; default: what builds keep to",
      byteCount,
    )
    .action(async (options: { size?: number }) => {
      const { cachePrune } = await import("../commands/cache/list.ts");
      print(await cachePrune(options, await project(), host));
    });

  cache
    .command("path")
    .description("the cache's folder")
    .action(async () => {
      const { cachePath } = await import("../commands/cache/list.ts");
      print(cachePath(await project()));
    });
}
