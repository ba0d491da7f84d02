import type { Label } from "../label/label.ts";
import { listOf } from "../list.ts";
import { shortId } from "../plan/picks.ts";
import { printable } from "../sys/printable.ts";
import { count, minute } from "../sys/text.ts";
import type { Found } from "./find.ts";
import type { Inspection } from "./inspect.ts";

/** Inspected files as text: a block a file. */
export function showInspections(inspections: readonly Inspection[]): string {
  return inspections.map((one) => `${rowsOf(one).join("\n")}\n`).join("\n");
}

function rowsOf(one: Inspection): readonly string[] {
  const { path, kind, ours, labels, package: deb, programs } = one;
  // Of a single program, the row `read from` says it.
  const isArchive = kind !== "elf" && kind !== "pe";
  return [
    `${path}: ${ours ? "built by kovn-build" : "not ours"}`,
    ...(deb === undefined ? [] : [row("package", `${deb.package} ${deb.version}, ${deb.architecture}`)]),
    ...(ours && labels.length === 0 ? [row("label", "none: an older kovn-build made it; its artifacts.json says more")] : []),
    ...(isArchive && labels.length > 0 && programs.labelled < programs.all
      ? [row("programs", `${programs.all - programs.labelled} of ${programs.all} have no label`)]
      : []),
    ...labels.flatMap((found) => showFound(found)),
  ];
}

function showFound({ label, where }: Found): readonly string[] {
  const { line, source, version, revision, patchedCommit, patchedTree, packaged, distribution, license, by } = label;
  return [
    row("line", line),
    row("source", `${source} ${version}, revision ${revision}`),
    row("base", showBase(label)),
    row("patched", `commit ${patchedCommit}, tree ${patchedTree}`),
    ...(packaged === undefined ? [] : [row("packaged", `commit ${packaged.commit}, tree ${packaged.tree}`)]),
    row("variant", showVariant(label)),
    ...(distribution === undefined ? [] : [row("root", distribution)]),
    ...(license === undefined ? [] : [row("licence", license)]),
    ...(label.epoch === undefined ? [] : [row("when", showTime(label.epoch))]),
    ...(by === undefined ? [] : [row("by", by)]),
    row("read from", listOf(where)),
    ...showPicks("pick", label.picks ?? []),
    ...showPicks("missing pick", label.missingPicks ?? []),
    ...showPatches("patch", label.series),
    ...showPatches("packaging patch", label.packaging ?? []),
  ];
}

function row(name: string, text: string): string {
  return `  ${name.padEnd(12)}  ${printable(text)}`;
}

function showBase({ base, baseCommit }: Label): string {
  if (base.kind === "git") return `${base.url}, commit ${base.commit}`;
  return `${base.package} ${base.version} of the distribution, as commit ${baseCommit}`;
}

function showVariant({ variant, arch, flags }: Label): string {
  return arch === undefined ? `${variant}, for all architectures` : `${variant}, ${arch}: ${flags ?? ""}`;
}

/** Files have no other time in them: the same build gives the same bytes. */
function showTime(epoch: number): string {
  return `${minute(new Date(epoch * 1000).toISOString())}, the time of the patched commit`;
}

function showPicks(title: string, picks: readonly { readonly commit: string; readonly why: string }[]): readonly string[] {
  if (picks.length === 0) return [];
  const rows = picks.map((pick, index) => `${place(index)}  ${shortId(pick)}  ${printable(pick.why)}`);
  return ["", `  ${count(picks.length, title)}`, ...rows];
}

function showPatches(title: string, patches: Label["series"]): readonly string[] {
  if (patches.length === 0) return [];
  const width = Math.max(...patches.map(({ name }) => printable(name).length));
  const rows = patches.map(({ name, subject, seed, origin }, index) => {
    const of = seed === "none" ? origin : `seed ${seed}`;
    return `${place(index)}  ${printable(name).padEnd(width)}  ${printable(subject)} (${printable(of)})`;
  });
  return ["", `  ${count(patches.length, title)}`, ...rows];
}

function place(index: number): string {
  return String(index + 1).padStart(5);
}
