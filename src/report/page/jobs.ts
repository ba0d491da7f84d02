import { count, duration, minute } from "../../sys/text.ts";
import { html, type Html } from "./html.ts";
import type { Run, RunJob } from "./run.ts";
import { showState } from "./states.ts";
import { drawTable, type Column } from "./table.ts";

const columns: readonly Column[] = [
  { title: "Job" },
  { title: "Result" },
  { title: "Time", kind: "time" },
  { title: "Last time", kind: "time" },
  { title: "Warnings", kind: "number" },
];

/** Draws a row for each job: what became of it, how long it took, and how long the last time. */
export function drawJobs(run: Run): Html {
  const rows = run.jobs.map((job) => [
    job.id,
    html`${showState(job.state, run)} ${noteOf(job)}`,
    timeOf(job, run),
    timeBefore(job),
    job.end?.warnings,
  ]);
  return html`${drawTable(columns, rows)}${run.jobs.map(drawChanges)}`;
}

function noteOf({ skipped, cached }: RunJob): Html | undefined {
  if (skipped !== undefined) return html`<span class="small dim">needs ${skipped.needs.join(", ")}</span>`;
  return cached && html`<span class="small dim">from ${minute(cached.finished)}</span>`;
}

function timeOf({ start, end }: RunJob, run: Run): string | undefined {
  return end === undefined ? start && duration(run.end - start.time) : duration(end.duration);
}

function timeBefore({ start, cached }: RunJob): string | undefined {
  const time = cached?.duration ?? start?.expected;
  return time === undefined ? undefined : duration(time);
}

/** Draws why a job was built; undefined when no result of it was cached. */
function drawChanges({ id, start }: RunJob): Html | undefined {
  if (start === undefined || start.changes.length === 0) return undefined;
  const changes = start.changes.map((change) => html`<li><code>${change}</code></li>`);
  return html`<details>
    <summary class="plain">Why ${id} was built: ${count(changes.length, "change")} since its nearest cached result</summary>
    <ul>
      ${changes}
    </ul>
  </details>`;
}
