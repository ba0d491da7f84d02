import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Fetch, FetchInit } from "../../../src/sys/fetch.ts";
import { Stalled, watchProgress } from "../../../src/sys/watch-progress.ts";
import { host, watchTask } from "../../helpers/host.ts";

const never = async (_url: string, { signal }: FetchInit) =>
  new Promise<never>((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));

const options = { what: "do it", signal: host.signal, task: host.task };

test("a request without an answer ends", async () => {
  const fetch = watchProgress(never, { ...options, limits: { stalled: 50, answer: 1e6 } });
  await expect(fetch("http://x", {})).rejects.toThrow(Stalled);
});

test("an answer without an end ends", async () => {
  const drip: Fetch = async (url, init) => {
    const timer = setInterval(() => init.onPiece?.(1), 5);
    return never(url, init).finally(() => clearInterval(timer));
  };
  const fetch = watchProgress(drip, { ...options, limits: { stalled: 1e6, answer: 50 } });
  await expect(fetch("http://x", {})).rejects.toThrow("an answer without an end");
});

test("a wait is said", async () => {
  const { task, seen } = watchTask();
  const stop = new AbortController();
  const waiting = watchProgress(never, { ...options, task, signal: stop.signal })("http://x", {});
  while (seen.length === 0) await sleep(50);
  stop.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  expect(seen[0]).toMatch(/^say: do it: no answer for \d+ s$/);
});
