// Writes the table of a page of docs/proof/ from a run of `patches prove`, and its sum in docs/proof.md.
// A second page gets what the programs of `--before` did:
// kovn-build patches prove --programs DIR --before DIR --json | npm run proof -- PAGE [PAGE]
import { readFile, writeFile } from "node:fs/promises";
import { text as read } from "node:stream/consumers";
import type { Proof } from "../src/prove/prove.ts";
import { table } from "./fields.ts";
import { fill } from "./fill.ts";

interface Row {
  readonly check: string;
  readonly verdict: Proof["verdict"];
  readonly seen: string;
}

const [after = "", before] = process.argv.slice(2);
const proofs = JSON.parse(await read(process.stdin)) as { readonly checks: readonly Proof[] };
// A page has each entry of the seed, but no patch or pick that only other lines carry.
const checks = proofs.checks.filter(({ seed, absent }) => seed !== undefined || absent !== true);
await writePage(
  after,
  checks.map(({ check, verdict, after: seen }) => ({ check, verdict, seen })),
);
if (before !== undefined) await writePage(before, checks.map(ofBefore));

function ofBefore({ check, absent, after: why, before: seen, beforeVerdict: verdict }: Proof): Row {
  if (absent === true) return { check, verdict: "skipped", seen: why };
  if (seen === undefined || verdict === undefined) throw new Error(`${before}: the run was without --before`);
  return { check, verdict, seen };
}

async function writePage(name: string, rows: readonly Row[]): Promise<void> {
  const page = `docs/proof/${name}.md`;
  await writeFile(page, fill(page, await readFile(page, "utf8"), "table", "npm run proof", showTable(rows).trimEnd()));
  const index = "docs/proof.md";
  const link = `[proof/${name}.md](proof/${name}.md): `;
  const lines = (await readFile(index, "utf8")).split("\n");
  if (!lines.some((line) => line.includes(link))) throw new Error(`${index} has no row for ${page}: ${link}`);
  const renew = (line: string) => (line.includes(link) ? `${line.slice(0, line.indexOf(link))}${link}${sum(rows)} |` : line);
  await writeFile(index, lines.map(renew).join("\n"));
}

/** A row for each check, with what was seen, or the reason why nothing was. */
function showTable(rows: readonly Row[]): string {
  return table(
    ["check", "verdict", "what was seen"],
    rows.map(({ check, verdict, seen }) => [/^\d+$/.test(check) ? check : `\`${check}\``, verdict, seen.trim()]),
  );
}

/** Counts verdicts, such as "17 pass, 1 skipped". */
function sum(rows: readonly Row[]): string {
  return (["pass", "fail", "skipped"] as const)
    .map((verdict) => ({ verdict, found: rows.filter((row) => row.verdict === verdict).length }))
    .flatMap(({ verdict, found }) => (found === 0 ? [] : [`${found} ${verdict}`]))
    .join(", ");
}
