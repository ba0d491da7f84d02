import { createHash } from "node:crypto";
import { describeBase } from "../../plan/base.ts";
import { duration } from "../../sys/text.ts";
import { drawArtifacts } from "./artifacts.ts";
import { drawCompilations } from "./compilations.ts";
import { drawFailure } from "./failure.ts";
import { html, prose, type Html } from "./html.ts";
import { drawJobs } from "./jobs.ts";
import type { RunFolder } from "./read.ts";
import type { Run } from "./run.ts";
import { drawSeries } from "./series.ts";
import { showState } from "./states.ts";
import { style } from "./style.ts";
import { drawTimeline } from "./timeline.ts";
import { drawTimes } from "./times.ts";

/** A part of the page; one without content is left out. */
interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Html | undefined;
}

/**
 * Draws the page of a run: one file without scripts, whose policy (CSP) forbids every request.
 */
export function drawPage(folder: RunFolder): string {
  const { run } = folder;
  const sections = sectionsOf(folder).filter(({ content }) => content !== undefined);
  const title = titleOf(run);
  return html`<!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${digestOf(style)}'" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}: ${run.state}</title>
        ${style}
      </head>
      <body>
        <header>
          <h1>${title}: ${showState(run.state, run)}</h1>
          ${drawFacts(folder)} ${drawNotes(folder)}
          <nav aria-label="Sections">
            <ul>
              ${sections.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`)}
            </ul>
          </nav>
        </header>
        <main>
          ${sections.map(
            ({ id, title: name, content }) =>
              html`<section aria-labelledby="${id}">
                <h2 id="${id}">${name}</h2>
                ${content}
              </section> `,
          )}
        </main>
        <footer>
          <p>Made by kovn-build ${run.version} from the files of run <code>${run.name}</code>.</p>
        </footer>
      </body>
    </html> `.text;
}

function sectionsOf(folder: RunFolder): readonly Section[] {
  const { run, manifest, earlier } = folder;
  const artifacts = manifest?.artifacts ?? run.done?.artifacts ?? [];
  const hasJobs = run.jobs.length > 0;
  return [
    { id: "failure", title: run.state === "stopped" ? "What stopped it" : "What failed", content: drawFailure(folder) },
    { id: "timeline", title: "Timeline", content: drawTimeline(run) },
    { id: "times", title: "Where the time went", content: drawTimes(run) },
    { id: "jobs", title: "Jobs", content: hasJobs ? drawJobs(run) : undefined },
    { id: "compilations", title: "Compiler cache", content: drawCompilations(run) },
    { id: "series", title: "Series", content: hasJobs ? drawSeries(run, manifest?.jobs ?? []) : undefined },
    { id: "artifacts", title: "Artifacts", content: artifacts.length > 0 ? drawArtifacts(artifacts, earlier) : undefined },
  ];
}

function titleOf({ plan, name }: Run): string {
  return plan === undefined ? `Run ${name}` : `Build for ${plan.target}, line ${plan.line}`;
}

function drawFacts({ run }: RunFolder): Html {
  const { plan, start, end, state } = run;
  const bases = new Map((run.plan?.jobs ?? []).map(({ source, base }) => [source.name, describeBase(base)]));
  const ended = {
    done: "took",
    failed: "failed after",
    stopped: "stopped after",
    running: "has run for",
    killed: "was last seen after",
  }[state];
  const facts: readonly (readonly [string, Html | string | undefined])[] = [
    ["Started", `${showTime(start)}, ${ended} ${duration(end - start)}`],
    ["Variant", plan && html`${plan.variant} for ${plan.arch}: <code>${plan.flags}</code>`],
    ...[...bases].map(([source, base]) => [source, base] as const),
    ["Results", run.done && html`<code>${run.done.folder}</code>`],
  ];
  return html`<dl>
    ${facts.map(
      ([name, fact]) =>
        fact &&
        html`<dt>${name}</dt>
          <dd>${fact}</dd>`,
    )}
  </dl>`;
}

/** What a reader must know first: how far the run came, what is missing, and notices. */
function drawNotes({ run, missing }: RunFolder): Html | undefined {
  const ways = {
    done: [],
    failed: [],
    stopped: [],
    running: ["The run is still going. Make the page again to see more."],
    killed: ["The run was killed: it neither succeeded nor failed. This is how far it came."],
  };
  const notes = [...ways[run.state], ...missing, ...run.notices];
  return notes.length === 0
    ? undefined
    : html`<ul class="notes">
        ${notes.map((note) => html`<li>${prose(note)}</li>`)}
      </ul>`;
}

function showTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** The digest of what is in an element, as a policy names it. */
function digestOf({ text }: Html): string {
  return createHash("sha256")
    .update(text.replace(/^<[^>]*>/, "").replace(/<[^<]*>$/, ""))
    .digest("base64");
}
