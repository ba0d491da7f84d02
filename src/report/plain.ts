import type { CompilerStats } from "../dist/manifest.ts";
import type { RunEvent } from "../run/events.ts";
import { describeBase } from "../plan/base.ts";
import { formatSize } from "../sys/size.ts";
import { count, duration, type Reporter } from "./reporter.ts";

/**
 * Prints a line for each event, for logs and pipes. `print` gets progress (stderr), `result` the
 * result of the command (stdout).
 */
export function plainReporter(print: (text: string) => void, result: (text: string) => void, verbose: boolean): Reporter {
  return {
    emit: (event) => {
      const text = describeEvent(event, verbose);
      if (text !== undefined) print(`${text}\n`);
      if (event.event === "done") result(showResult(event));
    },
    close: async () => undefined,
  };
}

/** Describes an event for people; undefined for one that is not shown. */
export function describeEvent(event: RunEvent, verbose: boolean): string | undefined {
  switch (event.event) {
    case "plan":
      return `plan: ${event.target}, line ${event.line}, ${event.variant}, ${event.arch}: ${nameJobs(event.jobs.map((job) => job.id))}`;
    case "notice":
      return `notice: ${event.message}`;
    case "base":
      return `base: ${event.source}: ${describeBase(event.base)}${event.base.kind === "git" ? "" : `, as commit ${event.commit.slice(0, 12)}`}`;
    case "job-start":
      return `${event.job}: started${event.expected === undefined ? "" : ` (took ${duration(event.expected)} last time)`}, log in ${event.log}${showChanges(event.changes)}`;
    case "job-cached":
      return `${event.job}: cached result of ${event.finished.slice(0, 16).replace("T", " ")} UTC, which took ${duration(event.duration)}`;
    case "job-skipped":
      return `${event.job}: not built: it needs ${event.needs.join(", ")}`;
    case "step-start":
      return `${event.job}: step ${event.position} of ${event.count}: ${event.step}`;
    case "output":
      return verbose ? `${event.job}| ${event.line}` : undefined;
    case "job-end":
      return [
        ...event.tail.map((line) => `${event.job}| ${line}`),
        `${event.job}: ${event.outcome} after ${duration(event.duration)}${event.warnings === 0 ? "" : `, ${count(event.warnings, "warning")}`}${showStats(event.compilerCache)}`,
      ].join("\n");
    case "done":
      return `done after ${duration(event.duration)}: ${count(event.artifacts.length, "file")} in ${event.folder}`;
    default:
      return event satisfies never;
  }
}

/** How many changes are shown. After an upgrade of the machine's packages there are hundreds. */
const mostChanges = 6;

function showChanges(changes: readonly string[]): string {
  const shown = changes.slice(0, mostChanges).map((change) => `\n  ${change}`);
  const more = changes.length - mostChanges;
  return [...shown, ...(more > 0 ? [`\n  and ${count(more, "more change")}: kovn-build cache why`] : [])].join("");
}

function showStats(stats: CompilerStats | undefined): string {
  if (stats === undefined) return "";
  const { hits, misses, remoteHits, remoteErrors } = stats;
  const remote = remoteHits === 0 ? "" : ` (${remoteHits} from the remote cache)`;
  const errors = remoteErrors === 0 ? "" : `, ${count(remoteErrors, "error")} of the remote cache`;
  return `, ccache: ${hits} of ${hits + misses} hits${remote}${errors}`;
}

function nameJobs(ids: readonly string[]): string {
  return ids.length > 8 ? `${ids.length} jobs` : ids.join(", ");
}

/** The result for people: each file with its size. */
export function showResult(event: RunEvent & { event: "done" }): string {
  return event.artifacts
    .map((artifact) => `${formatSize(artifact.size).padStart(9)}  ${event.folder}/${artifact.file}\n`)
    .join("");
}
