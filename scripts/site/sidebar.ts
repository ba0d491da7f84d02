import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DefaultTheme } from "vitepress";
import { headingOf, isExternal, linksOf } from "./links.ts";
import { pageOf } from "./stage.ts";

type Item = DefaultTheme.SidebarItem;

/**
 * Makes the sidebar of the table in README's "Documentation" and of that of the decisions: a group
 * for each text in the first column, an item for each page that the last one links. Pages in a
 * folder beside a page of that name, such as `docs/proof/` and `docs/proof.md`, are below it. Fails
 * for a page that is nowhere.
 */
export async function makeSidebar(files: readonly string[]): Promise<Item[]> {
  const placed = new Set(["README.md"]);
  const texts = new Map(await Promise.all(files.map(async (file) => [file, await readFile(file, "utf8")] as const)));
  const textOf = (file: string) => texts.get(file) ?? "";

  function itemOf(file: string): Item {
    placed.add(file);
    const [folder] = file.split(/\.md$|\/README\.md$/);
    const below = files.filter((other) => dirname(other) === folder && other !== file);
    const own = { text: headingOf(textOf(file)), link: `/${pageOf(file)}` };
    if (below.length === 0) return own;
    return { ...own, collapsed: true, items: file.endsWith("README.md") ? groupsOf(file, textOf(file)) : below.map(itemOf) };
  }

  function groupsOf(index: string, text: string): Item[] {
    const groups = new Map<string, Item[]>();
    let group = "";
    for (const [row] of text.matchAll(/^\|.*\|$/gm)) {
      const cells = row.split("|").slice(1, -1);
      const first = cells[0]?.trim() ?? "";
      const targets = linksOf(cells.at(-1) ?? "").filter((target) => !isExternal(target));
      const pages = targets.map((target) => join(dirname(index), target.replace(/#.*/, "")));
      group = first === "" ? group : first;
      const items = pages.filter((page) => texts.has(page) && !placed.has(page)).map(itemOf);
      groups.set(group, [...(groups.get(group) ?? []), ...items]);
    }
    return [...groups]
      .filter(([, items]) => items.length > 0)
      .map(([name, items]) => ({ text: name, collapsed: index !== "README.md", items }));
  }

  const [, documentation = ""] = textOf("README.md").split("\n## Documentation\n");
  const groups = groupsOf("README.md", documentation.split("\n## ")[0] ?? "");
  const lost = files.filter((file) => !placed.has(file));
  if (lost.length > 0) throw new Error(`No index links ${lost.join(", ")}: add each to README.md, "Documentation".`);
  return [{ text: "Start", link: "/" }, ...groups];
}
