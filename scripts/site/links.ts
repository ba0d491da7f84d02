/**
 * Replaces the target of each link and picture of a Markdown text; nothing is a link in code. A
 * target stays as it is where `replace` returns undefined.
 */
export function replaceLinks(markdown: string, replace: (target: string) => string | undefined): string {
  return markdown.replaceAll(/^ *```.*?^ *```|`[^`\n]+`|\]\(([^)\s]+)\)/gms, (whole: string, target: string | undefined) => {
    const other = target === undefined ? undefined : replace(target);
    return other === undefined ? whole : `](${other})`;
  });
}

/** The targets of the links and pictures of a Markdown text, in their order. */
export function linksOf(markdown: string): readonly string[] {
  const targets: string[] = [];
  replaceLinks(markdown, (target) => void targets.push(target));
  return targets;
}

/** The anchor that GitHub makes of a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}

/** True for a target outside of the repository. */
export function isExternal(target: string): boolean {
  return /^[a-z]+:/.test(target);
}

/** The name of a page: its first heading, without marks of Markdown. */
export function headingOf(markdown: string): string {
  return /^# (.+)$/m.exec(markdown)?.[1]?.replaceAll("`", "") ?? "";
}
