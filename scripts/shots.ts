// Pictures of an HTML page, a file or a URL, in light, dark and on a phone: `npm run shots -- PAGE FOLDER`
import { mkdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { openBrowser, type View } from "../test/helpers/browser.ts";

const views: Readonly<Record<string, View>> = {
  light: { width: 1280 },
  dark: { width: 1280, dark: true },
  phone: { width: 390 },
  "phone-dark": { width: 390, dark: true },
};

const [page = "", folder = "."] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
await using browser = await openBrowser();
for (const [name, view] of Object.entries(views))
  await browser.withPage(page.startsWith("http:") ? page : resolve(page), view, (shown) =>
    shown.screenshot(join(folder, `${basename(page, ".html")}-${name}.png`)),
  );
