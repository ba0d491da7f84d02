import type { CompilerStats } from "../dist/manifest.ts";
import { describeBase, type Base } from "../plan/base.ts";
import { picksOf } from "../plan/picks.ts";
import type { RunEvent } from "../run/events.ts";
import { printable } from "../sys/printable.ts";
import { formatSize } from "../sys/size.ts";
import { count, duration, minute } from "../sys/text.ts";
import { showFailure } from "./failure.ts";
import type { Style } from "./style.ts";

export interface DescribeOptions {
  /** True to show the output of all jobs. */
  readonly verbose: boolean;
  readonly style: Style;
}

type JobEnd = RunEvent & { readonly event: "job-end" };

/** Describes an event for people; undefined for one that is not shown. */
export function describeEvent(event: RunEvent, { verbose, style }: DescribeOptions): string | undefined {
  switch (event.event) {
    case "task-start":
      if (event.job === undefined) return event.title;
      return event.job === event.title ? undefined : `${event.job}: ${event.title}`;
    case "plan":
      return `plan: ${event.target}, line ${event.line}, ${event.variant}, ${event.arch}: ${nameJobs(event.jobs.map((job) => job.id))}`;
    case "notice":
      return style.warning(`notice: ${event.message}`);
    case "base":
      return `base: ${event.source}: ${describeBase(event.base)}${showPicks(event.base)}${event.base.kind === "git" ? "" : `, as commit ${event.commit.slice(0, 12)}`}`;
    case "job-start":
      return `${event.job}: started${event.expected === undefined ? "" : ` (took ${duration(event.expected)} last time)`}, log in ${style.link(event.log, event.log)}${showChanges(event.changes)}`;
    case "job-cached":
      return `${event.job}: cached result of ${minute(event.finished)}, which took ${duration(event.duration)}`;
    case "job-skipped":
      return `${event.job}: ${style.failed("not built")}: it needs ${event.needs.join(", ")}`;
    case "output":
      return verbose ? `${style.dim(`${event.job}|`)} ${showOutput(event, style)}` : undefined;
    case "job-end":
      return [...showFailure(event, style), showEnd(event, style)].join("\n");
    case "done":
      return `${style.done("done")} after ${duration(event.duration)}: ${count(event.artifacts.length, "file")} in ${event.folder}`;
    // What the error says is printed when the program ends.
    case "failed":
    case "jobs":
    case "run":
    case "step-start":
    case "task-end":
    case "task-progress":
      return undefined;
    default:
      return event satisfies never;
  }
}

function showPicks(base: Base): string {
  const picks = picksOf(base);
  return picks.length === 0 ? "" : `, with ${count(picks.length, "pick")}`;
}

function showOutput({ line, warning }: RunEvent & { readonly event: "output" }, style: Style): string {
  return warning ? style.warning(printable(line)) : printable(line);
}

function showEnd({ job, outcome, duration: time, warnings, log, compilerCache }: JobEnd, style: Style): string {
  const mark = { built: style.done, failed: style.failed, stopped: style.warning }[outcome];
  const warned = warnings === 0 ? "" : `, ${style.warning(count(warnings, "warning"))}`;
  return `${style.link(job, log)}: ${mark(outcome)} after ${duration(time)}${warned}${showStats(compilerCache)}`;
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
