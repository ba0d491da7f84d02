import type { CompilerStats } from "../../dist/manifest.ts";
import { count } from "../../sys/text.ts";
import { html, type Content, type Html } from "./html.ts";
import type { Run } from "./run.ts";
import { drawShare } from "./scale.ts";
import { drawTable, type Column } from "./table.ts";

const columns: readonly Column[] = [
  { title: "Job" },
  { title: "Compiled", kind: "number" },
  { title: "From the cache", kind: "number" },
  { title: "", kind: "share" },
];

/** Draws what ccache did in each job; undefined when nothing was compiled through it. */
export function drawCompilations({ jobs }: Run): Html | undefined {
  const rows = jobs.flatMap(({ id, end }) => (end?.compilerCache === undefined ? [] : [rowOf(id, end.compilerCache)]));
  return rows.length === 0 ? undefined : drawTable(columns, rows);
}

function rowOf(job: string, { hits, misses, remoteHits, remoteErrors }: CompilerStats): readonly Content[] {
  const share = hits / Math.max(1, hits + misses);
  const notes = [
    ...(remoteHits === 0 ? [] : [`${remoteHits} from the remote cache`]),
    ...(remoteErrors === 0 ? [] : [`${count(remoteErrors, "error")} of the remote cache`]),
  ];
  const name = html`${job} <span class="small dim">${notes.join(", ")}</span>`;
  return [name, misses, `${hits} (${Math.floor(share * 100)} %)`, drawShare(share)];
}
