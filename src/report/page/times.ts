import { duration } from "../../sys/text.ts";
import { html, type Html } from "./html.ts";
import type { Run, RunTask } from "./run.ts";
import { drawShare } from "./scale.ts";
import { drawTable, type Column } from "./table.ts";
import { waitsOf } from "./waits.ts";

/** Waits shorter than this share of the run become one row. */
const smallest = 0.01;

const columns: readonly Column[] = [
  { title: "Waited for" },
  { title: "Time", kind: "number" },
  { title: "Share", kind: "number" },
  { title: "", kind: "share" },
];

/** Draws where a run's time went: what it waited for, in order. */
export function drawTimes(run: Run): Html {
  const whole = Math.max(1, run.end - run.start);
  const large = waitsOf(run).filter(({ task, time }) => task !== undefined && time / whole >= smallest);
  const rest = whole - large.reduce((sum, { time }) => sum + time, 0);
  const parts = large.map(({ task, time }) => [nameOf(task), time] as const);
  const all = rest / whole < 0.0005 ? parts : [...parts, ["everything else", rest] as const];
  const rows = all.map(([name, time]) => [
    name,
    duration(time),
    `${((time / whole) * 100).toFixed(1)} %`,
    drawShare(time / whole),
  ]);
  return html`<p>
      At each moment a run waits for one task: these times add up to the ${duration(whole)} of the run. What ran beside them is in
      the timeline.
    </p>
    ${drawTable(columns, rows)}`;
}

function nameOf(task: RunTask | undefined): string {
  if (task === undefined) return "";
  return task.job === undefined || task.title.includes(task.job) ? task.title : `${task.job}: ${task.title}`;
}
