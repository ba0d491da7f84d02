// The site of the documentation: `npm run site` (docs/decisions/site.md)
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "vitepress";
import { anchorOf } from "../links.ts";
import { makeSidebar } from "../sidebar.ts";
import { pageFiles, stage } from "../stage.ts";

const srcDir = resolve("scripts/site/.vitepress/.pages");
const { description } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly description: string };
const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#3451b2"/><path d="M10 7v18M22 7l-9 9 9 9" stroke="#fff" stroke-width="4" fill="none"/></svg>`;

const files = await pageFiles();
await stage(files, srcDir);

export default defineConfig({
  title: "kovn-build",
  description,
  lang: "en",
  srcDir,
  cacheDir: resolve("scripts/site/.vitepress/.cache"),
  outDir: resolve("site"),
  head: [["link", { rel: "icon", href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  // Anchors are those of GitHub, so that links work on both.
  markdown: { anchor: { slugify: anchorOf } },
  themeConfig: {
    sidebar: await makeSidebar(files),
    outline: [2, 3],
    // What is found has all the words.
    search: { provider: "local", options: { miniSearch: { searchOptions: { combineWith: "AND" } } } },
    externalLinkIcon: true,
  },
  transformPageData: (page) => (page.relativePath === "index.md" ? { titleTemplate: false } : {}),
});
