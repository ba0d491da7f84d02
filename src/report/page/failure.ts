import { printable } from "../../sys/printable.ts";
import { count, duration } from "../../sys/text.ts";
import { explainCommand } from "../explain-command.ts";
import type { LogLine } from "./excerpt.ts";
import { html, prose, type Html } from "./html.ts";
import type { RunFolder } from "./read.ts";
import type { Failure, JobEnd } from "./run.ts";

/**
 * Draws why a run failed: its error, and for each failed job the first errors of its log; undefined
 * when nothing failed. A job may have failed in a run that goes on or was killed.
 */
export function drawFailure({ run, excerpts }: RunFolder): Html | undefined {
  const jobs = run.jobs.flatMap(({ end }) => (end?.outcome === "failed" ? [drawJob(end, excerpts.get(end.job))] : []));
  if (run.failure === undefined && jobs.length === 0) return undefined;
  return html`${run.failure && drawError(run.failure)}${jobs}`;
}

function drawError({ code, message, hint, at }: Failure): Html {
  const places = at.map(({ file, line, message: what }) => {
    const why = what === undefined || message.includes(what) ? undefined : html`<span class="message">: ${prose(what)}</span>`;
    return html`<li><code>${file}${line && `:${line}`}</code>${why}</li>`;
  });
  const list = html`<ul>
    ${places}
  </ul>`;
  const next =
    hint &&
    html`<p>What to do next:</p>
      <div class="type"><code>${hint}</code></div>`;
  const explain = code && explainCommand({ code, hint });
  const more = explain && html`<p class="small dim">More: <code>${explain}</code></p>`;
  return html`<p class="message">${prose(message)}</p>
    ${places.length === 0 ? undefined : list}${next}${more}`;
}

function drawJob(end: JobEnd, excerpt: readonly LogLine[] | undefined): Html {
  const { job, tail } = end;
  const first = drawFirst(end, excerpt);
  const open = first === undefined ? html` open` : undefined;
  const last = tail.map((line) => html`<span class="plain">${printable(line)}</span>`);
  const details = html`<details${open}><summary class="plain">The last ${count(tail.length, "line")} of its log</summary><div class="log"><code>${last}</code></div></details>`;
  return html`<h3>Job ${job} failed after ${duration(end.duration)}</h3>
    <p class="small dim">Its log: <code>${end.log}</code></p>
    ${first}${tail.length === 0 ? undefined : details}`;
}

/** Draws the first errors of a job: in its log, or without the lines around them if that is gone. */
function drawFirst({ errors }: JobEnd, excerpt: readonly LogLine[] = []): Html | undefined {
  if (errors.length === 0) return undefined;
  const known = errors.flatMap(({ line, text }) => text.split("\n").map((one, index) => ({ number: line + index, text: one })));
  const wrong = new Set(known.map(({ number }) => number));
  return html`<p>${errors.length === 1 ? "The error" : "The first errors"} in its log:</p>
    ${drawLines(excerpt.length > 0 ? excerpt : known, wrong)}`;
}

/** Draws lines with their numbers; a gap where some are left out. */
function drawLines(lines: readonly LogLine[], wrong: ReadonlySet<number>): Html {
  const rows = lines.map(({ number, text }, index) => {
    const before = lines[index - 1]?.number ?? number - 1;
    const gap = before + 1 === number ? undefined : html`<span class="dim">⋯</span>`;
    return html`${gap}<span${wrong.has(number) ? html` class="wrong"` : undefined}><b>${number}</b>${text}</span>`;
  });
  return html`<div class="log"><code>${rows}</code></div>`;
}
