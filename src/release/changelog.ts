const headingLine = /^## \[?([^\]\s]+)\]?.*\n?/gm;

/** The path of a line's changelog in its project. */
export function changelogPath(line: string): string {
  return `patches/${line}/CHANGELOG.md`;
}

/** What the headings of a changelog name: versions, and `Unreleased`. */
export function changelogVersions(text: string): readonly string[] {
  return [...text.matchAll(headingLine)].flatMap((match) => match[1] ?? []);
}

/** What a changelog says about a version, with its heading. */
export function changelogPart(text: string, version: string): string {
  const headings = [...text.matchAll(headingLine)];
  const index = headings.findIndex((heading) => heading[1] === version);
  return index < 0 ? "" : text.slice(headings[index]?.index, headings[index + 1]?.index ?? text.length);
}

/**
 * Moves the text under `Unreleased` in a changelog (https://keepachangelog.com) to a version and
 * its date, and adds lines to it. Returns a changelog that already has the version unchanged.
 */
export function releaseChangelog(text: string, version: string, date: string, lines: readonly string[]): string {
  const headings = [...text.matchAll(headingLine)];
  if (headings.some((heading) => heading[1] === version)) return text;
  const first = headings[0];
  const unreleased = headings.find((heading) => heading[1]?.toLowerCase() === "unreleased");
  const start = unreleased?.index ?? first?.index ?? text.length;
  const bodyStart = unreleased === undefined ? start : start + unreleased[0].length;
  const end = unreleased === undefined ? start : (headings[headings.indexOf(unreleased) + 1]?.index ?? text.length);
  const body = text.slice(bodyStart, end).trim();
  const parts = ["## Unreleased", `## ${version} - ${date}`, body, lines.join("\n")].filter((part) => part !== "");
  const rest = text.slice(end);
  return `${text.slice(0, start).trimEnd()}\n\n${parts.join("\n\n")}\n${rest === "" ? "" : `\n${rest}`}`;
}
