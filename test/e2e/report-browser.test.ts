import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import axe from "axe-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { chromium, openBrowser, type Browser, type Page } from "../helpers/browser.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { aManifest, anArtifact, compileEvents, compileLog, conflictEvents, doneEvents, writeRun } from "../helpers/run-folder.ts";

const long = "a-name-that-is-much-longer-than-a-telephone-is-wide-and-has-no-place-to-break-".repeat(2);
const artifacts = [anArtifact("openvswitch-common", 2_000_000, "a"), anArtifact(long, 123_456_789, "b")];
const done = { "events.jsonl": doneEvents(artifacts), "artifacts.json": JSON.stringify(aManifest(artifacts)) };

/** Runs whose pages differ the most. */
const runs: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "that succeeded": done,
  "that failed in a compiler": { "events.jsonl": compileEvents, "ovs/log": compileLog.replaceAll("line", long) },
  "whose patch does not apply": { "events.jsonl": conflictEvents.replaceAll("second.patch", `${long}.patch`) },
  "with long names": {
    "events.jsonl": compileEvents.replaceAll(/"(title|hint|version|id|name|log|target)":"([^"]*)"/g, `"$1":"${long}$2"`),
  },
  "that was killed": { "events.jsonl": doneEvents([]).slice(0, 2500) },
};

/** Makes the page of a run, and returns its path. */
async function makePage(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  await writeRun(folder, "20261126T042000Z-4000001", done);
  await writeRun(folder, "20261126T043000Z-4000002", files);
  return (await kovnBuild(folder, ["report"])).stdout;
}

/** What axe-core finds wrong: contrast, headings, tables, names, landmarks and more. */
async function findFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(
    `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html)))`,
  );
}

const width = "document.documentElement.scrollWidth";

describe.skipIf(chromium === undefined)("the page of a run in Chromium (needs chromium)", () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await openBrowser()));
  afterAll(async () => browser[Symbol.asyncDispose]());

  test.for(Object.entries(runs))("%s: fits a phone, has no faults, and requests nothing", async ([_, files], { folder }) => {
    const path = await makePage(folder, files);
    for (const dark of [false, true])
      await browser.withPage(path, { width: 390, dark }, async (page) => {
        expect(await page.evaluate(width)).toBe(390);
        expect(await findFaults(page)).toEqual([]);
        expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe(
          dark ? "rgb(20, 23, 27)" : "rgb(255, 255, 255)",
        );
        expect({ requests: page.requests, messages: page.messages }).toEqual({ requests: [], messages: [] });
      });
    await browser.withPage(path, { width: 1280 }, async (page) => expect(await findFaults(page)).toEqual([]));
  });

  test("its policy stops what should never be in it", async ({ folder }) => {
    const path = await makePage(folder, done);
    const page = await readFile(path, "utf8");
    const evil = `<script>document.title = "changed"</script><img src="https://example.com/x.png"><p style="color: red" id="p">x</p>`;
    const changed = join(folder, "changed.html");
    await writeFile(changed, page.replace("</main>", `${evil}</main>`));
    await browser.withPage(changed, { width: 800 }, async (shown) => {
      expect(await shown.evaluate("document.title")).toBe("Build for linux, line 1.12: done");
      expect(await shown.evaluate(`getComputedStyle(document.getElementById("p")).color`)).toBe("rgb(28, 32, 36)");
      expect(shown.messages.filter((text) => text.includes("Content Security Policy"))).toHaveLength(3);
    });
  });

  test("opens and closes its parts with the keyboard", async ({ folder }) => {
    await browser.withPage(await makePage(folder, done), { width: 800 }, async (page) => {
      const stops = new Set<string>();
      for (let count = 0; count < 20; count += 1) {
        await page.press("Tab");
        stops.add(await page.evaluate<string>("document.activeElement.textContent.trim()"));
      }
      expect([...stops].slice(0, 2)).toEqual(["Timeline", "Where the time went"]);
      expect([...stops]).toContain("Patches: 4 applied");
      await page.evaluate(
        `[...document.querySelectorAll("summary")].find((one) => one.textContent === "Patches: 4 applied").focus()`,
      );
      const isOpen = "document.activeElement.parentElement.open";
      expect(await page.evaluate(isOpen)).toBe(false);
      await page.press("Enter");
      expect(await page.evaluate(isOpen)).toBe(true);
      await page.press("Enter");
      expect(await page.evaluate(isOpen)).toBe(false);
    });
  });

  test("prints what is closed on the screen", async ({ folder }) => {
    const path = await makePage(folder, done);
    const isShown = `[...document.querySelectorAll("code")].find((one) => one.textContent === "third.patch").checkVisibility()`;
    await browser.withPage(path, { width: 800 }, async (page) => expect(await page.evaluate(isShown)).toBe(false));
    await browser.withPage(path, { width: 800, print: true, dark: true }, async (page) => {
      expect(await page.evaluate(isShown)).toBe(true);
      expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
    });
  });
});
