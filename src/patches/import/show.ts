import { printable } from "../../sys/printable.ts";
import { count } from "../../sys/text.ts";
import type { Imported, ImportedPatch } from "./context.ts";

const changes: Readonly<Record<ImportedPatch["change"], string>> = {
  added: "",
  rewritten: "",
  there: "is there already",
  empty: "changes nothing",
};

/** An import for people: a row for each patch with its notes below, and what the series makes. */
export function showImported(imported: Imported): string {
  const { line, source, isNew, branch, commit, version, revision, patches, patched, written, locked, notes } = imported;
  const width = Math.max(0, ...patches.map(({ name = "" }) => name.length));
  const shared = sharedNotes(patches);
  const added = patches.filter(({ change }) => change === "added" || change === "rewritten").length;
  const there = patches.length - added;
  const left = there === 0 ? "" : `, ${there} left out`;
  const rows = [
    `${source} ${version} (${printable(branch)}, ${commit.slice(0, 12)}), line ${line}${isNew ? ", new" : ""}: ${count(added, "patch")} added${left}, revision ${revision}`,
    "",
    ...patches.flatMap((patch, index) => showPatch(patch, index, width, shared)),
    "",
    ...shared.map((note) => `${placesOf(note, patches)}: ${printable(note)}`),
    ...notes,
    `tree ${patched.tree}, commit ${patched.commit}`,
    describeEnd({ written, locked, line, source }),
  ];
  return `${rows.map((row) => row.trimEnd()).join("\n")}\n`;
}

function describeEnd({ written, locked, line, source }: Pick<Imported, "written" | "locked" | "line" | "source">): string {
  if (!written) return "Nothing is written.";
  const lock = locked
    ? `and patches/${line}/lock.json`
    : `but no lock: line ${line} has none (kovn-build patches lock --line ${line})`;
  return `Written: patches/${line}/${source} ${lock}`;
}

/** The notes that more than one patch has: they are shown once, below the patches. */
function sharedNotes(patches: readonly ImportedPatch[]): readonly string[] {
  const all = patches.flatMap(({ notes }) => notes);
  return [...new Set(all.filter((note, index) => all.indexOf(note) !== index))];
}

/** The numbers of the patches that have a note. */
function placesOf(note: string, patches: readonly ImportedPatch[]): string {
  return patches.flatMap(({ notes }, index) => (notes.includes(note) ? [index + 1] : [])).join(", ");
}

function showPatch(
  { at, change, name, subject, seed, notes }: ImportedPatch,
  index: number,
  width: number,
  shared: readonly string[],
): readonly string[] {
  const place = String(index + 1).padStart(3);
  if (change === "there" || change === "empty")
    return [`  ${place}  ${(name ?? "").padEnd(width)}  ${changes[change]}: ${printable(at)}`];
  const entry = seed === undefined || seed === "none" ? "" : `[${seed}] `;
  return [
    `  ${place}  ${(name ?? "").padEnd(width)}  ${entry}${printable(subject)}`,
    ...notes.filter((note) => !shared.includes(note)).map((note) => `         ${printable(note)}`),
  ];
}
