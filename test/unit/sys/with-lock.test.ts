import { once } from "node:events";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { describe, expect, vi } from "vitest";
import { isLocked, withFreeLock, withLock } from "../../../src/sys/with-lock.ts";
import { test } from "../../helpers/folder.ts";
import { host, watchTask } from "../../helpers/host.ts";

const options = { host, other: "is at work" };

/** A process that holds the lock of `path` until it ends. */
async function holder(path: string) {
  const script = `
    import { withLock } from "./build/sys/with-lock.js";
    await withLock(process.argv[1], { host: { signal: new AbortController().signal }, other: "" }, async () => {
      console.log("here");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });`;
  const child = execa("node", ["--input-type=module", "-e", script, path], { reject: false });
  await once(child.stdout, "data");
  return { kill: () => child.kill("SIGKILL") };
}

describe("withLock", () => {
  test("two with the same path run one after the other", async () => {
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} starts`);
      await sleep(50);
      order.push(`${name} ends`);
    };
    await Promise.all([withLock("/a/b", options, work("one")), withLock("/a/../a/b", options, work("two"))]);
    expect(order).toEqual(["one starts", "one ends", "two starts", "two ends"]);
  });

  test("two with different paths of the same folder run one after the other, even if it does not exist", async ({ folder }) => {
    await mkdir(join(folder, "real"));
    await symlink("real", join(folder, "way"));
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} starts`);
      await sleep(50);
      order.push(`${name} ends`);
    };
    const paths = [join(folder, "real/a/b"), join(folder, "way/a/b")] as const;
    await Promise.all([withLock(paths[0], options, work("one")), withLock(paths[1], options, work("two"))]);
    expect(order).toEqual(["one starts", "one ends", "two starts", "two ends"]);
  });

  test("an error of the work is thrown, and the next one starts", async () => {
    await expect(withLock("/a/c", options, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await withLock("/a/c", options, async () => 1)).toBe(1);
  });

  test("waiting for another process is a notice and a task, which ends when that process is killed", async () => {
    const other = await holder("/a/d");
    const { task, seen } = watchTask();
    const mine = withLock("/a/d", { host: { ...host, task }, other: "is at work" }, async () => seen.push("work"));
    await vi.waitUntil(() => seen.length === 2, { timeout: 10_000 });
    other.kill();
    await mine;
    expect(seen).toEqual([
      "notice: Another kovn-build is at work: waiting for it.",
      "start: wait for another kovn-build",
      "end: wait for another kovn-build",
      "work",
    ]);
  });

  test("a wait of less than a second is not reported", async () => {
    const { task, seen } = watchTask();
    const watched = { host: { ...host, task }, other: "is at work" };
    await Promise.all([withLock("/a/f", watched, async () => sleep(300)), withLock("/a/f", watched, async () => sleep(1))]);
    expect(seen).toEqual([]);
  });

  test("waiting ends when the run is aborted", async () => {
    const other = await holder("/a/e");
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error("enough")), 100);
    await expect(
      withLock("/a/e", { host: { ...host, signal: abort.signal }, other: "is at work" }, async () => undefined),
    ).rejects.toThrow("enough");
    other.kill();
  });

  test.runIf(process.platform === "linux")("the lock has the same name in every version of Node", async () => {
    await withLock("/a/f", options, async () => {
      const names = (await readFile("/proc/net/unix", "latin1"))
        .split("\n")
        .flatMap((line) => line.match(/@kovn-build-.*/) ?? []);
      // The kernel shows a zero byte as `@`; 108 is the most that a name can have.
      expect(names).toContainEqual(expect.stringMatching(/^@kovn-build-[0-9a-f]{64}-{32}$/));
    });
  });
});

test("isLocked is true while a process, or this one, holds the lock", async () => {
  expect(await isLocked("/c/a")).toBe(false);
  const other = await holder("/c/a");
  expect(await isLocked("/c/a")).toBe(true);
  other.kill();
  await withLock("/c/a", options, async () => expect(await isLocked("/c/a")).toBe(true));
  expect(await isLocked("/c/a")).toBe(false);
});

describe("withFreeLock", () => {
  test("runs with a lock that nobody holds, and frees it", async () => {
    expect(await withFreeLock("/b/a", async () => 1)).toBe(1);
    expect(await withFreeLock("/b/a", async () => 2)).toBe(2);
  });

  test("does not run while another process, or this one, holds the lock", async () => {
    const other = await holder("/b/b");
    expect(await withFreeLock("/b/b", async () => 1)).toBeUndefined();
    other.kill();
    expect(await withLock("/b/c", options, () => withFreeLock("/b/c", async () => 1))).toBeUndefined();
  });
});
