import { join } from "node:path";
import { BuildError, explainRefusal } from "../errors.ts";
import { ownPid } from "../sys/processes.ts";
import { build, type Built } from "./build.ts";
import { eventFile } from "./event-file.ts";
import type { RunContext, WorkContext } from "./context.ts";
import type { RunEvent } from "./events.ts";
import { prepare, type BuildOptions } from "./prepare.ts";
import { readRequest } from "./request.ts";

/**
 * Reads, prepares and builds, in a folder of its own in `.kovn/runs`, whose `events.jsonl` gets all
 * events. The first one is `run`, the last one `done` or `failed`. Throws `BuildError`; what is
 * wrong with the request is thrown before the first event.
 */
export async function runBuild(options: BuildOptions, context: WorkContext): Promise<Built> {
  const { project, builder, emit } = context;
  const input = await readRequest(options, context);
  const started = performance.now();
  const name = runName();
  const run: RunContext = { ...context, run: join(project.work, "runs", name) };
  const { mask, task } = context.host;
  const file = eventFile(join(run.run, "events.jsonl"), { notice: task.notice, mask });
  context.listen(file.emit);
  emit({ event: "run", schema: 1, run: name, version: builder.version });
  try {
    return await build(await prepare(input, options, run), options, run);
  } catch (error) {
    emit({ ...describeFailure(error), duration: Math.round(performance.now() - started) });
    throw error;
  } finally {
    file.close();
  }
}

function describeFailure(thrown: unknown): Omit<RunEvent & { event: "failed" }, "duration"> {
  const error = explainRefusal(thrown);
  if (!(error instanceof BuildError)) return { event: "failed", code: "bug", message: String(error), at: [] };
  const { code, message, hint, at } = error;
  return { event: "failed", code, message, ...(hint === undefined ? {} : { hint }), at };
}

/**
 * Names a run by its start, so that runs sort by time; the process id separates runs of the same
 * second.
 */
function runName(): string {
  return `${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}-${ownPid}`;
}
