import type { BuiltJob } from "../../dist/manifest.ts";
import { describeBase } from "../../plan/base.ts";
import { listPicks } from "../../plan/picks.ts";
import { html, type Html } from "./html.ts";
import { seriesOf, type RunPatch, type RunSeries } from "./patches.ts";
import type { Run } from "./run.ts";
import { showState } from "./states.ts";
import { drawTable } from "./table.ts";

/** Draws each series with the state of its patches; `built` knows their subjects. */
export function drawSeries(run: Run, built: readonly BuiltJob[]): Html {
  const patches = built.flatMap(({ source, series, packaging = [] }) =>
    [...series, ...packaging].map(({ name, subject }) => [`${source}/${name}`, subject] as const),
  );
  const subjects = new Map(patches);
  const picks = new Map(built.map((job) => [job.source, job]));
  return html`${seriesOf(run).map((series) => drawOne(series, run, { subjects, job: picks.get(series.source.name) }))}`;
}

interface Known {
  readonly subjects: ReadonlyMap<string, string>;
  /** A built job of the source. */
  readonly job: BuiltJob | undefined;
}

function drawOne(series: RunSeries, run: Run, { subjects, job }: Known): Html {
  const { source, base, patches, jobs } = series;
  const open = patches.some(({ state }) => state === "failed") ? html` open` : undefined;
  const rows = patches.map(({ name, isPackaging, state }) => {
    const notes = [...(isPackaging ? ["for packages only"] : []), subjects.get(`${source.name}/${name}`) ?? ""];
    const note = html`<span class="small dim">${notes.filter(Boolean).join("; ")}</span>`;
    return [html`<code>${name}</code> ${note}`, showState(state, run)];
  });
  const table = rows.length === 0 ? undefined : drawTable([{ title: "Patch" }, { title: "State" }], rows);
  return html`<h3>${source.name} ${source.version}, revision ${source.revision}</h3>
<p class="dim">For ${jobs.join(", ")}, on ${describeBase(base)}${describePicks(job)}.</p>
<details${open}><summary class="plain">${summaryOf(patches)}</summary>${table}</details>`;
}

function describePicks(job: BuiltJob | undefined): string {
  const { picks = [], missingPicks = [] } = job ?? {};
  if (missingPicks.length > 0) return `, WITHOUT ${listPicks(missingPicks)}`;
  return picks.length === 0 ? "" : `, with ${listPicks(picks)}`;
}

function summaryOf(patches: readonly RunPatch[]): string {
  const states = (["applied", "failed", "not reached"] as const).flatMap((state) => {
    const number = patches.filter((patch) => patch.state === state).length;
    return number === 0 ? [] : [`${number} ${state}`];
  });
  return patches.length === 0 ? "No patches" : `Patches: ${states.join(", ")}`;
}
