import { duration } from "../../sys/text.ts";
import { html, type Html } from "./html.ts";
import type { Run, RunJob, RunTask } from "./run.ts";
import { drawAxis, drawBar } from "./scale.ts";
import { colorOf, showState } from "./states.ts";

/** With more tasks than this, only what did not succeed is open at first. */
const mostOpen = 60;

/**
 * Draws a run's tasks in the order of their start, each with a bar from its start to its end, and
 * the jobs that no task ran for.
 */
export function drawTimeline(run: Run): Html {
  const tasks = run.tasks.flatMap(withBelow);
  const idle = run.jobs.filter(({ id }) => !tasks.some((task) => task.job === id));
  const isOpen = tasks.length <= mostOpen;
  const rows = [...run.tasks.map((task) => drawTask(task, run, isOpen)), ...idle.map((job) => drawIdle(job, run))];
  if (rows.length === 0) return html`<p>The run did nothing yet.</p>`;
  return html`<div class="row axis small">
      <span class="name">time since the start</span>${drawAxis(run)}<span class="time">took</span>
    </div>
    <ol class="rows">
      ${rows}
    </ol>`;
}

function drawTask(task: RunTask, run: Run, isOpen: boolean, parentJob?: string): Html {
  const job = task.job === parentJob ? undefined : run.jobs.find(({ id }) => id === task.job);
  const state = job?.state ?? task.outcome;
  const shown = state === "done" ? undefined : showState(state, run);
  const time = job?.state === "cached" ? undefined : duration(task.end - task.start);
  const progress = task.outcome === "done" ? undefined : html` <span class="small dim">${task.progress}</span>`;
  // Jobs stand out by their color.
  const color = state === "done" ? "dim" : colorOf(state, run);
  const row = html`<span class="name">${task.title} ${shown}${progress}</span>${drawBar(task, run, color)}<span class="time"
      >${time}</span
    >`;
  if (task.tasks.length === 0) return html`<li class="row">${row}</li>`;
  const open = isOpen || task.outcome !== "done" ? html` open` : undefined;
  const below = task.tasks.map((one) => drawTask(one, run, isOpen, task.job));
  return html`<li><details${open}><summary class="row">${row}</summary><ol class="rows">${below}</ol></details></li>`;
}

/** A job without a task: its result was cached, or it never started. */
function drawIdle({ id, state, cached }: RunJob, run: Run): Html {
  const bar = cached && drawBar({ start: cached.time, end: cached.time }, run, "cached");
  return html`<li class="row"><span class="name">${id} ${showState(state, run)}</span>${bar}</li>`;
}

function withBelow(task: RunTask): readonly RunTask[] {
  return [task, ...task.tasks.flatMap(withBelow)];
}
