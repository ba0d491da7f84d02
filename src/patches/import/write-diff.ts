import type { ScannedDiff, Section } from "./scan-diff.ts";
import type { SectionNames } from "./section-names.ts";

/** A section with the names of its file in the tree. */
export interface Named {
  readonly section: Section;
  readonly names: SectionNames;
}

/** Writes a diff in git's format, with the prefixes `a/` and `b/`. `returns`: whether those of a converted file stay. */
export function writeDiff(
  files: readonly Named[],
  { isConverted }: Pick<ScannedDiff, "isConverted">,
  returns: "keep" | "drop",
): Buffer {
  const lines = files.flatMap(({ section, names }) => [
    ...headOf(section, names),
    ...section.content.map((line) => (isConverted && returns === "drop" ? line.replace(/\r$/, "") : line)),
  ]);
  return Buffer.from(lines.map((line) => `${line}\n`).join(""), "latin1");
}

function headOf(section: Section, { before, after }: SectionNames): readonly string[] {
  const [old, fresh] = [withPrefix("a/", before ?? after), withPrefix("b/", after ?? before)];
  const command = `diff --git ${old} ${fresh}`;
  const extended = section.extended.map((line) => {
    const [, verb, side] = /^(rename|copy) (from|to) /.exec(line) ?? [];
    return verb === undefined ? line : `${verb} ${side} ${side === "from" ? before : after}`;
  });
  // A name with a space ends with a tab.
  const end = (name: string) => (name.includes(" ") ? `${name}\t` : name);
  const isBinary = section.content[0] === "GIT binary patch";
  const names =
    section.content.length === 0 || isBinary
      ? []
      : [`--- ${before === undefined ? "/dev/null" : end(old)}`, `+++ ${after === undefined ? "/dev/null" : end(fresh)}`];
  const mode = before === undefined ? ["new file mode 100644"] : after === undefined ? ["deleted file mode 100644"] : [];
  return [command, ...(section.command === undefined ? mode : extended), ...names];
}

function withPrefix(prefix: string, name = ""): string {
  return name.startsWith('"') ? `"${prefix}${name.slice(1)}` : `${prefix}${name}`;
}
