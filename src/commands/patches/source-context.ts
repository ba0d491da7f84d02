import { join } from "node:path";
import { parseFrom } from "../../config/from.ts";
import { pickLine } from "../../config/lines.ts";
import { unknownName } from "../../config/names.ts";
import { listSources } from "../../config/source.ts";
import type { RebaseContext } from "../../patches/rebase/context.ts";
import { withSeriesLock } from "../../patches/series-lock.ts";
import type { Context } from "../../program/context.ts";
import { nameSchema } from "../../sys/schemas.ts";
import { findStale } from "../../sys/staging.ts";

/** The options that say which source a command changes, and where its commits come from. */
export interface SourceOptions {
  readonly line?: string;
  readonly from: readonly string[];
}

/** Finds the source that a command changes, after it repaired what a killed run left of it. Throws "usage". */
export async function readSourceContext(name: string, options: SourceOptions, context: Context): Promise<RebaseContext> {
  const project = await context.project();
  const line = await pickLine(project, options.line);
  const stale = nameSchema.safeParse(name).success ? await findStale(join(project.root, "patches", line, name), "old") : [];
  if (stale.length > 0) await withSeriesLock(line, name, project, context.host, async () => undefined);
  const sources = await listSources(project, line);
  if (!sources.includes(name)) throw unknownName("Source", name, sources);
  return { project, line, name, from: parseFrom(options.from, sources, []), host: context.host };
}
