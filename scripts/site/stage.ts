import { cp, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, extname, join, relative } from "node:path";
import { renderMermaidSVG } from "beautiful-mermaid";
import { glob } from "tinyglobby";
import { headingOf, isExternal, linksOf, replaceLinks } from "./links.ts";

/** The Markdown files that are pages of the site. */
export async function pageFiles(): Promise<readonly string[]> {
  return (await glob(["*.md", "docs/**/*.md"])).toSorted();
}

/** Where the page of a Markdown file is in the site. */
export function pageOf(file: string): string {
  return file.replace(/(^|\/)README\.md$/, "$1index.md");
}

/** Where the page is that shows a file which is not a page itself, or the files of a folder. */
function sourcePageOf(path: string, isFolder: boolean): string {
  // A name that starts with a dot would be no page.
  return `source/${path.replaceAll(/(^|\/)\./g, "$1dot.")}${isFolder ? "/index" : ""}.md`;
}

/**
 * Writes what VitePress takes into a folder: all pages, and a page for each other file of the
 * repository that they link, so that the site is complete wherever it is. Pictures stay pictures.
 */
export async function stage(files: readonly string[], folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const pages = new Set(files);
  const sources = new Map<string, boolean>();
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  for (const file of files) {
    const markdown = await readFile(file, "utf8");
    const found = new Map<string, string>();
    for (const target of linksOf(markdown)) {
      if (isExternal(target) || target.startsWith("#")) continue;
      const [path = "", anchor] = target.split("#");
      const to = relative("", join(dirname(file), path));
      if (/\.(svg|png)$/.test(to)) await cp(to, join(folder, to));
      else if (pages.has(to)) found.set(target, `/${pageOf(to)}${anchor === undefined ? "" : `#${anchor}`}`);
      else {
        const isFolder = (await stat(to)).isDirectory();
        sources.set(to, isFolder);
        found.set(target, `/${sourcePageOf(to, isFolder)}`);
      }
    }
    await write(
      pageOf(file),
      await drawGraphs(
        replaceLinks(markdown, (target) => found.get(target)),
        pageOf(file),
        write,
      ),
    );
  }
  for (const [path, isFolder] of sources) {
    const inside = isFolder ? (await glob(`${path}/**`, { dot: true })).toSorted() : [];
    for (const file of inside) if (!pages.has(file) && !sources.has(file)) sources.set(file, false);
    const targets = inside.map((file) => [file, pages.has(file) ? pageOf(file) : sourcePageOf(file, false)] as const);
    const text = isFolder ? showFolder(path, targets) : showFile(path, await readFile(path, "utf8"));
    await write(sourcePageOf(path, isFolder), text);
  }
}

/** Nobody searches for what is in these; their lines are long, so nothing is beside them. */
const front = (path: string) =>
  `---\nsearch: false\nsidebar: false\naside: false\nprev: false\nnext: false\n---\n\n# ${path}\n\n`;

function showFolder(path: string, files: readonly (readonly [file: string, page: string])[]): string {
  const links = files.map(([file, page]) => `- [${relative(path, file)}](/${page})\n`);
  return `${front(path)}${links.join("")}`;
}

const languages: Readonly<Record<string, string>> = {
  ".patch": "diff",
  ".yml": "yaml",
  ".yaml": "yaml",
  ".ts": "ts",
  ".json": "json",
};

function showFile(path: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${front(path)}${fence}${languages[extname(path)] ?? "text"}\n${text.trimEnd()}\n${fence}\n`;
}

/** The colors of VitePress. */
const themes = {
  light: { bg: "#ffffff", fg: "#3c3c43" },
  dark: { bg: "#1b1b1f", fg: "#dfdfd6" },
};

/** Draws the Mermaid graphs of a page, once for each theme; nothing is drawn in the browser. */
async function drawGraphs(markdown: string, page: string, write: (path: string, text: string) => Promise<void>): Promise<string> {
  const graphs = [...markdown.matchAll(/^```mermaid\n(.*?)^```$/gms)];
  // Nothing is beside a picture of this width.
  let text = graphs.length === 0 ? markdown : `---\naside: false\n---\n\n${markdown}`;
  for (const [index, [whole, graph = ""]] of graphs.entries()) {
    const links: string[] = [];
    for (const [theme, colors] of Object.entries(themes)) {
      // The renderer takes `*` for emphasis, and would load a font.
      const svg = renderMermaidSVG(graph.replaceAll("*", "∗"), { ...colors, transparent: true, font: "system-ui" });
      const path = `${page.replace(/\.md$/, "")}-${index}-${theme}.svg`;
      await write(path, svg.replaceAll(/^ *@import .*\n/gm, ""));
      links.push(`![${headingOf(markdown)}](/${path}){.only-${theme}}`);
    }
    text = text.replace(whole, () => `<div class="graph">\n\n${links.join(" ")}\n\n</div>`);
  }
  return text;
}
