import type { Artifact } from "../../dist/manifest.ts";
import { differencesOf, type Difference } from "../../dist/differences.ts";
import { formatSize } from "../../sys/size.ts";
import { html, type Content, type Html } from "./html.ts";
import type { EarlierRun } from "./read.ts";
import { drawTable, type Column } from "./table.ts";

const columns: readonly Column[] = [{ title: "File and sha256" }, { title: "Size", kind: "number" }];

/** Draws the artifacts of a run, and how they differ from those of an earlier one. */
export function drawArtifacts(artifacts: readonly Artifact[], earlier: EarlierRun | undefined): Html {
  const total = sum(artifacts);
  if (earlier === undefined)
    return html`<p>No earlier run of this target, line and variant is left to compare with.</p>
      ${drawTable(columns, [...artifacts.map(cellsOf), ["All", formatSize(total)]])}`;
  const before = earlier.manifest.artifacts;
  const found = differencesOf(artifacts, before);
  const rows = [
    ...found.artifacts.map((one) => [...cellsOf(one.artifact), changeOf(one)]),
    ...found.gone.map((artifact) => [...cellsOf(artifact), "no longer made"]),
    ["All", formatSize(total), growth(total - sum(before))],
  ];
  return html`<p>Compared with run <code>${earlier.name}</code>.</p>
    ${drawTable([...columns, { title: "Since then" }], rows)}`;
}

function cellsOf({ file, size, sha256 }: Artifact): readonly Content[] {
  return [html`<code>${file}</code><br /><code class="small dim">${sha256}</code>`, formatSize(size)];
}

function changeOf({ artifact, before }: Difference): string {
  if (before === undefined) return "new";
  if (before.sha256 === artifact.sha256) return before.file === artifact.file ? "same" : "same, renamed";
  return artifact.size === before.size ? "changed, same size" : growth(artifact.size - before.size);
}

/** A difference of sizes, such as `+1.2 kB`. */
function growth(bytes: number): string {
  if (bytes === 0) return "same size";
  return `${bytes < 0 ? "−" : "+"}${formatSize(Math.abs(bytes))}`;
}

function sum(artifacts: readonly Artifact[]): number {
  return artifacts.reduce((total, { size }) => total + size, 0);
}
