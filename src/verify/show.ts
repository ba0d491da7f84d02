import { escapeMarkdown } from "../sys/markdown.ts";
import type { Verdict } from "./check.ts";
import type { Verification } from "./verify.ts";

/** Problems and warnings of a check that are shown; `--json` has all. */
const [mostProblems, mostWarnings] = [20, 5];

/** Verdicts as text: a block a check, its evidence and problems below it. */
export function showVerifications(verifications: readonly Verification[]): string {
  return verifications
    .map((one) => {
      const width = Math.max(...one.checks.map(({ check }) => check.length));
      return `${headOf(one)}\n\n${one.checks.map((verdict) => `${showVerdict(verdict, width)}\n`).join("")}`;
    })
    .join("\n");
}

function showVerdict(verdict: Verdict, width: number): string {
  const head = `${verdict.check.padEnd(width)}  ${verdict.verdict.padEnd(7)}  ${verdict.why ?? verdict.proves}`;
  return [head, ...rowsOf(verdict).map(([kind, text]) => `    ${kind.padEnd(8)}  ${text}`)].join("\n");
}

/** Verdicts as Markdown: a table, and a list for each check that found something. */
export function verificationMarkdown(verifications: readonly Verification[]): string {
  return verifications.map((one) => markdownOf(one)).join("\n");
}

function markdownOf(one: Verification): string {
  const rows = one.checks.map(
    ({ check, verdict, why, proves }) => `| ${check} | ${verdict} | ${escapeMarkdown(why ?? proves)} |`,
  );
  const lists = one.checks
    .filter((verdict) => rowsOf(verdict).length > 0)
    .map(
      (verdict) =>
        `**${verdict.check}**\n\n${rowsOf(verdict)
          .map(([kind, text]) => `- ${kind}: ${escapeMarkdown(text)}\n`)
          .join("")}`,
    );
  return [
    `### ${escapeMarkdown(headOf(one))}\n`,
    "| check | verdict | what it proves |",
    "|---|---|---|",
    ...rows,
    "",
    ...lists,
  ].join("\n");
}

function headOf({ path, target, line, variant, arch }: Verification): string {
  return `${path}: ${target}, line ${line}, variant ${variant}, ${arch}`;
}

type Row = readonly [kind: string, text: string];

function rowsOf({ evidence, problems, warnings }: Verdict): readonly Row[] {
  return [
    ...shorten("problem", problems, mostProblems),
    ...shorten("evidence", evidence, evidence.length),
    ...shorten("warning", warnings, mostWarnings),
  ];
}

function shorten(kind: string, texts: readonly string[], most: number): readonly Row[] {
  const more = texts.length - most;
  const rows = texts.slice(0, most).map((text) => [kind, text] as const);
  return more > 0 ? [...rows, [kind, `${more} more, which --json lists.`]] : rows;
}
