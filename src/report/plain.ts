import type { CompilerStats } from "../dist/manifest.ts";
import type { RunEvent } from "../run/events.ts";
import { describeBase } from "../plan/base.ts";
import { printable } from "../sys/printable.ts";
import { formatSize } from "../sys/size.ts";
import type { Reporter } from "../run/progress.ts";
import type { RunningTask } from "../sys/tasks.ts";
import { showFailure } from "./failure.ts";
import { describeRow, makeRows } from "./rows.ts";
import { count, duration } from "../sys/text.ts";

export interface PlainOptions {
  /** Prints progress (stderr). */
  readonly print: (text: string) => void;
  /** Prints the result of the command (stdout). */
  readonly result: (text: string) => void;
  /** True to print the output of all jobs. */
  readonly verbose: boolean;
  /** Milliseconds between two lines about a task that is still running. */
  readonly heartbeat?: number;
  /** Shows the start of a step in another way, and returns true; or returns false. */
  readonly showStep?: (job: string, text: string) => boolean;
  /** A task that is not a step gets a line only when it takes longer, in milliseconds. */
  readonly patience?: number;
}

/** Prints a line for each event, and one a minute for each running task. For logs and pipes. */
export function plainReporter(options: PlainOptions): Reporter {
  const { print, result, verbose, heartbeat = 60_000, patience = 1000, showStep } = options;
  const rows = makeRows();
  /** Jobs whose next task is a step. */
  const atStep = new Set<string>();
  const pending = new Map<number, NodeJS.Timeout>();
  let beat: NodeJS.Timeout | undefined;
  const say = (event: RunEvent) => {
    const text = describeEvent(event, verbose);
    if (text !== undefined) print(`${text}\n`);
  };
  const startTask = (event: RunEvent & { event: "task-start" }) => {
    const { task, job } = event;
    if (job === undefined || !atStep.delete(job)) pending.set(task, setTimeout(() => say(event), patience).unref());
    else if (showStep?.(job, describeEvent(event, verbose) ?? "") !== true) say(event);
  };
  return {
    start: (running: () => readonly RunningTask[]) => {
      const show = () => rows.of(running(), performance.now()).forEach((row) => print(`${row.name}: ${describeRow(row)}\n`));
      beat = setInterval(show, heartbeat).unref();
    },
    emit: (event) => {
      rows.note(event);
      if (event.event === "step-start") atStep.add(event.job);
      if (event.event === "task-start") startTask(event);
      else say(event);
      if (event.event === "task-end") {
        clearTimeout(pending.get(event.task));
        pending.delete(event.task);
      }
      if (event.event === "done") result(showResult(event));
    },
    end: () => {
      clearInterval(beat);
      for (const timer of pending.values()) clearTimeout(timer);
    },
  };
}

/** Describes an event for people; undefined for one that is not shown. */
export function describeEvent(event: RunEvent, verbose: boolean): string | undefined {
  switch (event.event) {
    case "task-start":
      if (event.job === undefined) return event.title;
      return event.job === event.title ? undefined : `${event.job}: ${event.title}`;
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
    case "output":
      return verbose ? `${event.job}| ${printable(event.line)}` : undefined;
    case "job-end":
      return [
        ...showFailure(event),
        `${event.job}: ${event.outcome} after ${duration(event.duration)}${event.warnings === 0 ? "" : `, ${count(event.warnings, "warning")}`}${showStats(event.compilerCache)}`,
      ].join("\n");
    case "done":
      return `done after ${duration(event.duration)}: ${count(event.artifacts.length, "file")} in ${event.folder}`;
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
