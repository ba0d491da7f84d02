import type { Outcome } from "./publisher.ts";

type Named = Outcome & { readonly to: string };

/** Describes what changed at a destination; `nothing` is what to say when nothing did. */
export function showOutcome(outcome: Named, nothing: string): string {
  const counts = changesOf(outcome)
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `${names.length} ${what}`);
  const rows = [
    ...changesOf(outcome).flatMap(([what, names]) => names.map((name) => `  ${what.padEnd(9)} ${name}`)),
    ...outcome.leftOut.map(({ name, why }) => `  left out  ${name}: ${why}`),
    ...(outcome.url === undefined ? [] : [`  see       ${outcome.url}`]),
    ...(outcome.images ?? []).map((image) => `  image     ${image}`),
  ];
  return `${[`${outcome.to}: ${counts.join(", ") || nothing}`, ...rows].join("\n")}\n`;
}

/** The same as Markdown. */
export function summarize(outcome: Named, nothing: string): string[] {
  const rows = [
    ...changesOf(outcome).flatMap(([what, names]) => names.map((name) => `- ${what} \`${name}\``)),
    ...outcome.leftOut.map(({ name, why }) => `- left out \`${name}\`: ${why}`),
    ...(outcome.images ?? []).map((image) => `- image \`${image}\``),
  ];
  const { to, url } = outcome;
  return [
    `\`${to}\`${url === undefined ? "" : `: ${url}`}`,
    "",
    ...(rows.length > 0 ? rows : [`${nothing.charAt(0).toUpperCase()}${nothing.slice(1)}.`]),
    "",
  ];
}

function changesOf({ added, repaired = [], replaced = [], removed }: Outcome): readonly (readonly [string, readonly string[]])[] {
  return [
    ["added", added],
    ["repaired", repaired],
    ["replaced", replaced],
    ["removed", removed],
  ];
}
