// Writes the part of a source in docs/proof/suite-LINE.md from a run of upstream's tests:
// kovn-build patches suite SOURCE --line LINE --against unpatched --json | npm run proof:suite
import { readFile, writeFile } from "node:fs/promises";
import { text as read } from "node:stream/consumers";
import type { SuiteSummary } from "../src/suite/summary.ts";
import { table } from "./fields.ts";
import { fill } from "./fill.ts";

const summary = JSON.parse(await read(process.stdin)) as SuiteSummary;
const page = `docs/proof/suite-${summary.line}.md`;
const parts = [showSums(summary), showFailures(summary), showSkips(summary), showOwn(summary)].filter((part) => part !== "");
const old = await readFile(page, "utf8");
await writeFile(page, fill(page, old, summary.source, "npm run proof:suite", parts.join("\n").trimEnd()));

function showSums({ version, base, commit, tests, passed, expectedFailures, skipped, failures }: SuiteSummary): string {
  const verdicts = ["regression", "failed", "known", "flaky"] as const;
  const counted = verdicts.map((verdict) => String(failures.filter((one) => one.verdict === verdict).length));
  const sums = [tests, passed, expectedFailures, skipped].map(String);
  return table(
    ["version", "base", "patched commit", "tests", "passed", "failed as expected", "skipped", ...verdicts],
    [[version, `\`${base.slice(0, 12)}\``, `\`${commit.slice(0, 12)}\``, ...sums, ...counted]],
  );
}

function showFailures({ failures }: SuiteSummary): string {
  if (failures.length === 0) return "";
  return table(
    ["failed test", "verdict", "alone", "unpatched"],
    failures.map(({ test, title, verdict, alone, unpatched }) => [
      `${test}: \`${title}\``,
      verdict,
      alone.join(", "),
      unpatched?.join(", ") ?? "not run",
    ]),
  );
}

function showSkips({ skips }: SuiteSummary): string {
  if (skips.length === 0) return "";
  return table(
    ["skipped tests", "where they stop"],
    skips.map(({ why, tests }) => [tests.join(", "), `\`${why}\``]),
  );
}

/** The tests that a patch adds or changes. Variants of a test have one title. */
function showOwn({ own }: SuiteSummary): string {
  if (own.length === 0) return "";
  const rows = new Map<string, { subject: string; change: string; outcome: string; title: string; count: number }>();
  for (const { entries, patches, change, outcome, title } of own) {
    const subject = [...entries.map((entry) => `entry ${entry}`), ...(entries.length === 0 ? patches : [])].join(", ");
    const key = [subject, change, outcome, title].join("\n");
    const row = rows.get(key) ?? { subject, change, outcome, title, count: 0 };
    rows.set(key, { ...row, count: row.count + 1 });
  }
  return table(
    ["test of the series", "belongs to", "change", "outcome"],
    [...rows.values()].map(({ subject, change, outcome, title, count }) => [
      `\`${title}\`${count > 1 ? ` (${count})` : ""}`,
      subject,
      change,
      outcome,
    ]),
  );
}
