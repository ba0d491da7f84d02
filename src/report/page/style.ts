import { literal } from "./html.ts";

/** The page's only style element. Colors of text have a contrast of at least 4.5 to their background. */
export const style = literal`<style>
:root {
  color-scheme: light dark;
  --text: #1c2024; --dim: #57606a; --paper: #fff; --soft: #f3f5f7; --rule: #d5dae0; --link: #0b57a4;
  --built: #1a7f37; --failed: #c62828; --stopped: #8a5200; --cached: #6a5acd; --running: #0b6bcb; --wrong: #fdecea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6e9ed; --dim: #a3acb6; --paper: #14171b; --soft: #1e2329; --rule: #3a424b; --link: #7db7f5;
    --built: #57c072; --failed: #ff8078; --stopped: #e3a53f; --cached: #aea4f5; --running: #62adf8; --wrong: #40201f;
  }
}
@media print {
  :root {
    color-scheme: light;
    --text: #000; --dim: #444; --paper: #fff; --soft: #f3f5f7; --rule: #bbb; --link: #0b57a4;
    --built: #1a7f37; --failed: #c62828; --stopped: #8a5200; --cached: #6a5acd; --running: #0b6bcb; --wrong: #fdecea;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", "DejaVu Sans", sans-serif;
}
header, main, footer { max-width: 72rem; margin: 0 auto; padding: 0 1rem; overflow-wrap: anywhere; }
header { padding-top: 1.5rem; }
footer { padding-top: 1rem; padding-bottom: 2rem; color: var(--dim); font-size: .875rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; padding-top: .75rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
p { margin: .5rem 0; max-width: 50rem; }
a { color: var(--link); }
code { font: .875em ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.dim { color: var(--dim); }
.small { font-size: .8125rem; }
.state { font-weight: 600; white-space: nowrap; }
.built { color: var(--built); }
.failed { color: var(--failed); }
.stopped { color: var(--stopped); }
.cached { color: var(--cached); }
.running { color: var(--running); }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: 0 1.25rem; padding: 0; margin: .75rem 0 0; }
nav a { display: inline-block; padding: .25rem 0; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .125rem 1rem; margin: .75rem 0; }
dt { color: var(--dim); }
dd { margin: 0; }
.notes { margin: .75rem 0; padding: .5rem 1rem .5rem 2rem; background: var(--soft); border-left: 4px solid var(--stopped); }
.message { white-space: pre-wrap; }
.type, .log { margin: .5rem 0; background: var(--soft); border: 1px solid var(--rule); overflow-wrap: anywhere; }
.type { padding: .5rem .75rem; white-space: pre-wrap; }

table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-variant-numeric: tabular-nums; }
th, td { overflow-wrap: normal; text-align: left; vertical-align: top; font-weight: 400; padding: .375rem .75rem .375rem 0; border-bottom: 1px solid var(--rule); }
th:last-child, td:last-child { padding-right: 0; }
tbody th { overflow-wrap: anywhere; min-width: 3.5rem; }
thead th { color: var(--dim); font-size: .875rem; vertical-align: bottom; }
.number, .time { text-align: right; }
td.number { white-space: nowrap; }
.share { width: 40%; }
.share svg { height: 1.5em; }

svg { display: block; width: 100%; overflow: visible; }
.grid { stroke: var(--rule); }
.bar { fill: currentColor; }
.track { fill: var(--rule); }
.rows { list-style: none; margin: 0; padding: 0; }
.row {
  display: grid; grid-template-columns: minmax(0, 17rem) minmax(0, 1fr) 6.5rem; gap: 0 .75rem;
  align-items: center; min-height: 1.75rem;
}
.row svg { height: 1.75rem; }
.row .time { font-variant-numeric: tabular-nums; }
.axis { color: var(--dim); }
.axis text { fill: var(--dim); font-size: .75rem; }
summary { cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
.name::before, summary.plain::before { content: ""; display: inline-block; width: 1.1em; text-indent: 0; color: var(--dim); }
summary .name::before, summary.plain::before { content: "▸" / ""; }
[open] > summary .name::before, [open] > summary.plain::before { content: "▾" / ""; }
.name { padding-left: 1.1em; text-indent: -1.1em; }
.rows .rows .name { padding-left: 2.2em; }
.rows .rows .rows .name { padding-left: 3.3em; }
.rows .rows .rows .rows .name { padding-left: 4.4em; }
summary:focus-visible, a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }

.log { padding: .5rem 0; }
.log span { display: block; padding: 0 .75rem 0 4.5rem; text-indent: -3.75rem; white-space: pre-wrap; }
.log b { display: inline-block; width: 3.25rem; margin-right: .5rem; text-align: right; text-indent: 0; font-weight: 400; color: var(--dim); }
.log .wrong { background: var(--wrong); box-shadow: inset 4px 0 var(--failed); font-weight: 600; }
.log .plain { padding-left: .75rem; text-indent: 0; }

@media (max-width: 40rem) {
  body { font-size: 15px; }
  dl { grid-template-columns: minmax(0, 1fr); }
  dd { margin-bottom: .375rem; }
  .row { grid-template-columns: minmax(0, 1fr) auto; padding: .375rem 0; }
  .row svg { grid-row: 2; grid-column: 1 / -1; height: 1rem; }
  .axis svg { height: 1.25rem; }
  th, td { padding-right: .5rem; }
  .share { display: none; }
  .log span { padding-left: .75rem; text-indent: 0; }
  .log b { width: auto; }
}
@media print {
  body { font-size: 10pt; }
  nav { display: none; }
  details::details-content { content-visibility: visible; display: block; }
  tr, .row, .log span { break-inside: avoid; }
  h2, h3, summary { break-after: avoid; }
  svg, .notes, .log, .wrong, .type { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
</style>`;
