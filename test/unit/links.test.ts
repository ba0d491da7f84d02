import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { globSync } from "tinyglobby";
import { expect, test } from "vitest";
import { anchorOf, isExternal, linksOf } from "../../scripts/site/links.ts";

const documents = globSync(["*.md", "docs/**/*.md", ".github/*.md", "patches/**/*.md"], { dot: true });

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(file: string): ReadonlySet<string> {
  const prose = readFileSync(file, "utf8").replaceAll(/^ *```.*?^ *```/gms, "");
  const headings = prose.matchAll(/^#+ (.+)$/gm);
  const texts = [...headings].map(([, heading = ""]) => heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1"));
  const anchors = new Set<string>();
  for (const text of texts) {
    const anchor = anchorOf(text);
    let number = 0;
    while (anchors.has(number === 0 ? anchor : `${anchor}-${number}`)) number++;
    anchors.add(number === 0 ? anchor : `${anchor}-${number}`);
  }
  return anchors;
}

/** What is wrong with a link of a page; undefined for nothing. */
function wrongLink(file: string, target: string): string | undefined {
  if (isExternal(target)) return undefined;
  const [path = "", anchor] = target.split("#");
  const to = path === "" ? file : relative("", join(dirname(file), path));
  if (!existsSync(to)) return `${file}: ${target}: there is no ${to}`;
  return anchor === undefined || anchorsOf(to).has(anchor) ? undefined : `${file}: ${target}: ${to} has no heading #${anchor}`;
}

test("every link of a page leads to a file, and to a heading of it", () => {
  const links = documents.flatMap((file) => linksOf(readFileSync(file, "utf8")).map((target) => [file, target] as const));
  expect(links.length).toBeGreaterThan(100);
  expect(links.flatMap(([file, target]) => wrongLink(file, target) ?? [])).toEqual([]);
});
