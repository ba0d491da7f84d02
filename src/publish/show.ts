import type { Change, Intent, Outcome } from "./publisher.ts";
import { capital } from "../config/names.ts";

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

const changes: readonly Change[] = ["new", "repaired", "replaced", "dropped", "removed", "same"];

/** Describes what a publish would do at a destination. */
export function showIntent({ to, files, leftOut, release, images = [] }: Intent & { readonly to: string }): string {
  const counts = changes.flatMap((one) => {
    const number = files.filter(({ change }) => change === one).length;
    return number === 0 ? [] : [`${number} ${one}`];
  });
  const rows = [
    ...files.map(({ change, name }) => `  ${change.padEnd(9)} ${name}`),
    ...leftOut.map(({ name, why }) => `  left out  ${name}: ${why}`),
    ...images.map((image) => `  image     ${image}`),
  ];
  const text = release === undefined ? [] : showRelease(release);
  return `${[`${to}: ${counts.join(", ")} (nothing is written)`, ...rows, ...text].join("\n")}\n`;
}

function showRelease({ tag, commit, name, prerelease, notes }: NonNullable<Intent["release"]>): readonly string[] {
  return [`  tag       ${tag}, commit ${commit}`, `  release   ${name}${prerelease ? " (prerelease)" : ""}`, "", notes];
}

/** Describes what changed at a destination as Markdown. */
export function summarize(outcome: Named, nothing: string): string[] {
  const rows = [
    ...changesOf(outcome).flatMap(([what, names]) => names.map((name) => `- ${what} \`${name}\``)),
    ...outcome.leftOut.map(({ name, why }) => `- left out \`${name}\`: ${why}`),
    ...(outcome.images ?? []).map((image) => `- image \`${image}\``),
  ];
  const { to, url } = outcome;
  return [`\`${to}\`${url === undefined ? "" : `: ${url}`}`, "", ...(rows.length > 0 ? rows : [`${capital(nothing)}.`]), ""];
}

function changesOf({ added, repaired = [], replaced = [], removed }: Outcome): readonly (readonly [string, readonly string[]])[] {
  return [
    ["added", added],
    ["repaired", repaired],
    ["replaced", replaced],
    ["removed", removed],
  ];
}
