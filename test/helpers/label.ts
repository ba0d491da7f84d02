import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { makeNote } from "../../src/label/elf-note.ts";
import type { Label } from "../../src/label/label.ts";
import { makeOwnSbom, sbomName } from "../../src/label/sbom.ts";
import { packTree } from "./dist.ts";

const patch = { sha256: "1".repeat(64), seed: "none", origin: "vendor" };

/** A label; everything in it has a default. */
export function aLabel(changes: Partial<Label> = {}): Label {
  return {
    target: "linux",
    line: "1.0",
    variant: "default",
    arch: "amd64",
    flags: "-O2 -g",
    source: "demo",
    version: "1.2.3",
    revision: 4,
    license: "Apache-2.0",
    base: { kind: "git", url: "https://example.com/demo.git", commit: "5".repeat(40) },
    baseCommit: "5".repeat(40),
    patchedCommit: "6".repeat(40),
    patchedTree: "7".repeat(40),
    packaged: { commit: "8".repeat(40), tree: "9".repeat(40) },
    distribution: "debian 12",
    picks: [{ commit: "a".repeat(40), why: "a fix", without: [] }],
    series: [
      { ...patch, name: "greet-world.patch", subject: "Greet the world.", seed: "aaaaaaaaaa" },
      { ...patch, name: "greet-all.patch", subject: "Greet all.", origin: "backport, abc" },
    ],
    packaging: [{ ...patch, name: "packaging/docs.patch", subject: "Put docs in." }],
    epoch: 1_700_000_000,
    by: "Pat Cher <pat@example.com>",
    ...changes,
  };
}

export const demoVersion = "1.2.3-1+kovn4.00000001.deb12";

/** Compiles a program with a label, as the step `deb` does; undefined for one without. */
export async function makeLabelled(folder: string, file: string, label: Label | undefined): Promise<string> {
  await mkdir(join(folder, file, ".."), { recursive: true });
  const options = join(folder, "options");
  const note = { name: "demo", version: demoVersion, architecture: "amd64" };
  await writeFile(options, label === undefined ? "" : `'--package-metadata=${makeNote(note, label)}'`);
  const code = "int main(void) { return 0; }";
  await execa("gcc", ["-x", "c", "-", "-o", join(folder, file), `-Wl,@${options}`], { input: code });
  await execa("strip", [join(folder, file)]);
  return join(folder, file);
}

/** Makes a package with these files and an SBOM, if a label is given. Returns its path. */
export async function makeLabelledPackage(
  folder: string,
  label: Label | undefined,
  {
    files = {},
    version = demoVersion,
  }: { readonly files?: Readonly<Record<string, string | Buffer>>; readonly version?: string } = {},
): Promise<string> {
  const doc = "usr/share/doc/demo";
  const own = label === undefined ? {} : { [`${doc}/${sbomName}`]: makeOwnSbom({ name: "demo", version }, label) };
  const tree = join(folder, "tree");
  for (const [path, text] of Object.entries({ ...own, ...files })) {
    await mkdir(join(tree, path, ".."), { recursive: true });
    await writeFile(join(tree, path), text);
  }
  await packTree(tree, folder, { name: "demo", version, architecture: "amd64" });
  return join(folder, `demo_${version}_amd64.deb`);
}
