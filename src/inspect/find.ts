import { realpath } from "node:fs/promises";
import { basename, join } from "node:path";
import { readElfLabel } from "../label/elf-note.ts";
import { parseLabel, type Label } from "../label/label.ts";
import { readPeLabel } from "../label/pe-resource.ts";
import { readSbomLabel, sbomName } from "../label/sbom.ts";
import { sortBy } from "../order.ts";
import { refusalOf } from "../errors.ts";
import { readText } from "../sys/read-file.ts";
import { magicOf } from "../verify/program.ts";

/** A label, and the files that have it. */
export interface Found {
  readonly label: Label;
  readonly where: readonly string[];
}

/** Finds the labels of files below a folder: in SBOMs, and in programs and libraries. */
export async function findLabels(
  dir: string,
  files: readonly string[],
): Promise<{ readonly labels: readonly Found[]; readonly programs: { readonly all: number; readonly labelled: number } }> {
  const found = new Map<string, string[]>();
  const programs = { all: 0, labelled: 0 };
  const real = await realpath(dir);
  for (const name of sortBy(files, (file) => file)) {
    const path = join(dir, name);
    // A link in a package may lead anywhere.
    if ((await realpath(path).catch(() => undefined)) !== join(real, name)) continue;
    const isProgram = /^(\x7fELF|MZ)/.test(await magicOf(path));
    if (!isProgram && basename(name) !== sbomName) continue;
    // One that is cut off or too large has no label that could be read.
    const label = await (isProgram ? readLabel(path) : sbomLabel(path)).catch((error: unknown) => {
      if (refusalOf(error) === undefined) throw error;
    });
    if (isProgram) programs.all++;
    if (label === undefined) continue;
    if (isProgram) programs.labelled++;
    const text = JSON.stringify(label);
    found.set(text, [...(found.get(text) ?? []), name]);
  }
  const labels = [...found].flatMap(([text, where]) => {
    const label = parseLabel(text);
    return label === undefined ? [] : [{ label, where }];
  });
  return { labels, programs };
}

/** Reads the label of a program or library. */
export async function readLabel(path: string): Promise<Label | undefined> {
  return (await magicOf(path)) === "\x7fELF" ? readElfLabel(path) : readPeLabel(path);
}

async function sbomLabel(path: string): Promise<Label | undefined> {
  return readSbomLabel(await readText(path, "a manifest", { follow: false }));
}
