import { printable } from "../../sys/printable.ts";
import type { ChangeRow } from "./change.ts";
import type { ChangedBase, Preview } from "./preview.ts";

/** What a change writes, for people. */
export function showPreview({ line, source, revision, patches, lock, lost, notes }: Preview): string {
  const rows = [
    ...patches.map((row) => [row.change, showRow(row)]),
    ...(lock === undefined
      ? [["lock", `line ${line} has none, so none is written`]]
      : lock.map((base) => ["lock", showBase(base)])),
  ];
  return [
    `${source}, line ${line}: revision ${revision.before} to ${revision.after}`,
    ...rows.map(([what = "", of = ""]) => `  ${what.padEnd(7)}  ${of}`),
    ...lost.map(
      ({ entry, seed, title }) =>
        `Entry ${entry} of the seed (${seed}) has no patch any more: ${printable(title)}. List it in \`dropped\` of source.yaml, or in \`merged\`.`,
    ),
    ...notes.map(printable),
    "",
  ].join("\n");
}

function showRow(row: ChangeRow): string {
  if (row.change === "renamed") return `${row.name} to ${row.to}`;
  return row.change === "moved" ? `${row.name}, from ${row.from} to ${row.to} in \`${row.series}\`` : row.name;
}

function showBase({ base, before, after }: ChangedBase): string {
  const [kind = "", id = ""] = base.split(":");
  const was = before === undefined ? "" : `${before.slice(0, 12)} to `;
  const place = `${kind}:${id.slice(0, 12)}`;
  if (after === undefined) return `${place}  is dropped: it cannot be reached`;
  return before === after ? `${place}  stays at ${after.slice(0, 12)}` : `${place}  ${was}${after.slice(0, 12)}`;
}
