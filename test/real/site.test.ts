import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { glob } from "tinyglobby";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromium, openBrowser, type Browser, type Page } from "../helpers/browser.ts";
import { commitAll, inGit } from "../helpers/project.ts";
import { copyOwnFiles } from "./own-files.ts";
import { linkInstalled, runWorkflow } from "./workflow.ts";

const types: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript",
  css: "text/css",
  svg: "image/svg+xml",
  png: "image/png",
};

/** Serves the files of a folder, and nothing else. */
async function serveFolder(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "", "http://site").pathname);
    const file = path.endsWith("/") ? `${path}index.html` : path;
    readFile(join(folder, posix.normalize(file))).then(
      (bytes) => response.setHeader("content-type", types[file.split(".").at(-1) ?? ""] ?? "text/plain").end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return server;
}

/** Links of a page within the site that lead to no file of it, or to no place in that file. */
function deadLinks(pages: ReadonlyMap<string, string>, page: string): readonly string[] {
  const html = pages.get(page) ?? "";
  return [...html.matchAll(/<a [^>]*href="([^"]*)"/g)].flatMap(([, href = ""]) => {
    if (/^[a-z]+:/.test(href)) return [];
    const url = new URL(href, `http://site/${page}`);
    const to = decodeURIComponent(url.pathname.slice(1)).replace(/(^|\/)$/, "$1index.html");
    const target = pages.get(to);
    const id = decodeURIComponent(url.hash.slice(1));
    return target !== undefined && (id === "" || target.includes(` id="${id}"`)) ? [] : [`${page}: ${href}`];
  });
}

describe.skipIf(chromium === undefined)("the site that CI makes, in Chromium (needs chromium)", () => {
  let folder: string;
  let server: Server;
  let browser: Browser;
  let site: string;
  const reported: string[] = [];
  const address = (page: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${page}`;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kovn-site-"));
    const [origin, steps] = [join(folder, "origin"), join(folder, "steps")];
    await copyOwnFiles(origin);
    await inGit(origin, "init", "--quiet", "--initial-branch=main");
    await commitAll(origin, "First");
    await mkdir(steps);
    const env = { PATH: process.env["PATH"] ?? "", HOME: join(folder, "home"), CI: "true" };
    const report = (text: string) => void reported.push(text);
    const runner = { origin, tag: "main", folder: steps, env, token: "", edit: linkInstalled, report, only: ["site"] };
    await runWorkflow(".github/workflows/ci.yml", {}, runner);
    site = join(steps, "artifacts/site");
    server = await serveFolder(site);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens a page, and expects no error and no request to another server. */
  async function withPage(page: string, width: number, use: (shown: Page) => Promise<void>): Promise<void> {
    await browser.withPage(address(page), { width }, async (shown) => {
      await use(shown);
      expect(shown.messages).toEqual([]);
      const foreign = shown.requests.filter((url) => !url.startsWith(address("")) && !url.startsWith("data:"));
      expect(foreign).toEqual([]);
    });
  }

  test("has each page, and no link that leads nowhere", async () => {
    const names = await glob("**/*.html", { cwd: site });
    const pages = new Map(
      await Promise.all(names.map(async (name) => [name, await readFile(join(site, name), "utf8")] as const)),
    );
    const expected = (await glob(["*.md", "docs/**/*.md"])).map((file) =>
      file.replace(/README\.md$/, "index.md").replace(/md$/, "html"),
    );
    expect([...pages.keys()]).toEqual(expect.arrayContaining(expected));
    expect(names.flatMap((name) => deadLinks(pages, name))).toEqual([]);
  });

  test.for([1280, 390])("starts with README, and leads on, %i pixels wide", async (width) => {
    await withPage("", width, async (page) => {
      expect(await page.evaluate("document.title")).toBe("kovn-build");
      expect(await page.evaluate("[...document.images].every(({ naturalWidth }) => naturalWidth > 0)")).toBe(true);
      await page.evaluate(`document.querySelector('main a[href="/docs/building.html"]').click()`);
      await page.waitFor(`document.querySelector("h1")?.textContent.startsWith("Build")`);
      const current = `[...document.querySelectorAll(".VPSidebar .is-active .text")].map(({ textContent }) => textContent)`;
      expect(await page.evaluate(current)).toContain("Build");
    });
  });

  test.for([1280, 390])("finds a word, and opens where it is, %i pixels wide", async (width) => {
    await withPage("docs/cli.html", width, async (page) => {
      await page.waitFor(`document.querySelector(".VPNavBarSearch button")`);
      await page.evaluate(`document.querySelector(".VPNavBarSearch button").click()`);
      await page.waitFor(`document.activeElement?.id === "localsearch-input"`);
      await page.type("diffoscope rebuild");
      await page.waitFor(`document.querySelector(".VPLocalSearchBox .result")`);
      await page.press("Enter");
      await page.waitFor(`!document.querySelector(".VPLocalSearchBox") && !location.pathname.includes("cli")`);
      await page.waitFor(`document.querySelector("main").textContent.includes("diffoscope")`);
    });
  });

  test("fits a phone: the widest pages of each kind", async () => {
    const widest = ["", "docs/cli.html", "docs/line-1.17.html", "docs/proof/linux-1.17.html", "docs/graphs/windows-msvc.html"];
    const others = ["CHANGELOG.html", "docs/decisions/index.html", "source/patches/1.17/ovs/inactivity-probe.patch.html"];
    for (const name of [...widest, ...others])
      await withPage(name, 390, async (page) => {
        expect([name, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([name, 390]);
      });
  });
});
