import { accessSync, constants } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";

/** The path of Debian's Chromium; undefined where it is not installed. */
export const chromium = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "chromium"))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/** How a page is shown. */
export interface View {
  /** Width in CSS pixels. */
  readonly width: number;
  readonly dark?: boolean;
  /** True for the page as it is printed. */
  readonly print?: boolean;
}

/** A page in a browser. */
export interface Page {
  /** The value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  /** Writes a PNG of the whole page, however high it is. */
  screenshot(path: string): Promise<void>;
  /** Presses a key, such as `Tab`. */
  press(key: string): Promise<void>;
  /** Types a text where the focus is. */
  type(text: string): Promise<void>;
  /** Waits until an expression in the page is true, for half a minute at most. */
  waitFor(expression: string): Promise<void>;
  /** What the page requested, besides itself. */
  readonly requests: readonly string[];
  /** What the browser logged: errors, violations of the policy. */
  readonly messages: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/** A browser for several pages, one after the other. */
export interface Browser extends AsyncDisposable {
  /** Opens a file or a URL, as in a new profile, and closes it when `use` ends. */
  withPage<T>(address: string, view: View, use: (page: Page) => Promise<T>): Promise<T>;
}

/** Starts headless Chromium; we speak the DevTools protocol through two pipes. */
export async function openBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), "kovn-chromium-"));
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"];
  const child = execa(
    chromium ?? "chromium",
    [...flags, `--user-data-dir=${profile}`, "--remote-debugging-pipe", "about:blank"],
    {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
      env: { HOME: profile },
      reject: false,
      forceKillAfterDelay: 1000,
    },
  );
  const connection = connect(child.stdio[3] as unknown as Writable, child.stdio[4]);
  return {
    async withPage(address, view, use) {
      const url = address.startsWith("http:") ? address : `file://${address}`;
      const { browserContextId } = await connection.send("Target.createBrowserContext");
      try {
        return await use(await openPage(connection, String(browserContextId), url, view));
      } finally {
        await connection.send("Target.disposeBrowserContext", { browserContextId });
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await child;
      await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

interface Connection {
  send(method: string, params?: Json, sessionId?: string): Promise<Json>;
  on(listener: Listener): void;
}

type Listener = (method: string, params: Json, sessionId: string | undefined) => void;

/** Messages are JSON, each with a zero byte after it. */
function connect(input: Writable, output: Readable): Connection {
  const waiting = new Map<number, { resolve: (value: Json) => void; reject: (error: Error) => void }>();
  const listeners: Listener[] = [];
  let last = 0;
  let rest = "";
  output.setEncoding("utf8").on("data", (chunk: string) => {
    const messages = (rest + chunk).split("\0");
    rest = messages.pop() ?? "";
    for (const message of messages) {
      const { id, method, params, result, error, sessionId } = JSON.parse(message) as {
        readonly id?: number;
        readonly method?: string;
        readonly params?: Json;
        readonly result?: Json;
        readonly error?: { readonly message: string };
        readonly sessionId?: string;
      };
      if (method !== undefined) for (const listener of listeners) listener(method, params ?? {}, sessionId);
      if (id === undefined) continue;
      if (error === undefined) waiting.get(id)?.resolve(result ?? {});
      else waiting.get(id)?.reject(new Error(error.message));
      waiting.delete(id);
    }
  });
  return {
    send: (method, params = {}, sessionId) =>
      new Promise((resolve, reject) => {
        waiting.set(++last, { resolve, reject });
        input.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
      }),
    on: (listener) => void listeners.push(listener),
  };
}

async function openPage(connection: Connection, browserContextId: string, url: string, view: View): Promise<Page> {
  const { width, dark = false, print = false } = view;
  const requests: string[] = [];
  const messages: string[] = [];
  const { targetId } = await connection.send("Target.createTarget", { url: "about:blank", browserContextId });
  const { sessionId } = await connection.send("Target.attachToTarget", { targetId, flatten: true });
  const loaded = new Promise<void>((resolve) =>
    connection.on((method, params, from) => {
      if (from !== sessionId) return;
      if (method === "Page.loadEventFired") resolve();
      if (method === "Network.requestWillBeSent") {
        const { request } = params as { readonly request: { readonly url: string } };
        if (request.url !== url) requests.push(request.url);
      }
      if (method === "Log.entryAdded") messages.push((params as { readonly entry: { readonly text: string } }).entry.text);
      if (method === "Runtime.exceptionThrown" || (method === "Runtime.consoleAPICalled" && params["type"] === "error"))
        messages.push(JSON.stringify(params));
    }),
  );
  const send = (method: string, params: Json = {}) => connection.send(method, params, String(sessionId));
  for (const domain of ["Page", "Network", "Log", "Runtime"]) await send(`${domain}.enable`);
  const metrics = { width, deviceScaleFactor: 1, mobile: width < 500 };
  await send("Emulation.setDeviceMetricsOverride", { ...metrics, height: 800 });
  const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
  await send("Emulation.setEmulatedMedia", { media: print ? "print" : "screen", features });
  await send("Page.navigate", { url });
  await loaded;
  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = await send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { readonly value: T }).value;
  };
  return {
    evaluate,
    requests,
    messages,
    async screenshot(path) {
      const height = Math.min(8000, await evaluate<number>("document.documentElement.scrollHeight"));
      await send("Emulation.setDeviceMetricsOverride", { ...metrics, height });
      const { data } = await send("Page.captureScreenshot", { format: "png" });
      await writeFile(path, Buffer.from(String(data), "base64"));
    },
    async type(text) {
      await send("Input.insertText", { text });
    },
    async waitFor(expression) {
      const end = Date.now() + 30_000;
      while (!(await evaluate<boolean>(`Boolean(${expression})`))) {
        if (Date.now() > end) throw new Error(`not in half a minute: ${expression}`);
        await setTimeout(50);
      }
    },
    async press(key) {
      const code = { Tab: 9, Enter: 13 }[key] ?? 0;
      const text = key === "Enter" ? { text: "\r" } : {};
      await send("Input.dispatchKeyEvent", { type: "keyDown", key, windowsVirtualKeyCode: code, ...text });
      await send("Input.dispatchKeyEvent", { type: "keyUp", key, windowsVirtualKeyCode: code });
    },
  };
}
