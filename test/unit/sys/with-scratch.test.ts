import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, vi } from "vitest";
import { withScratch } from "../../../src/sys/with-scratch.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";

describe("withScratch", () => {
  test("removes its folder when the work is done and when it fails", async ({ folder }) => {
    const dir = await withScratch(folder, "try", host, async (path) => {
      await writeFile(join(path, "file"), "");
      return path;
    });
    expect(dir.startsWith(join(folder, "tmp/try-"))).toBe(true);
    await expect(withScratch(folder, "try", host, async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await readdir(join(folder, "tmp"))).toEqual([]);
  });

  test("removes the folders of killed runs, and none that is in use", async ({ folder }) => {
    await mkdir(join(folder, "tmp/bundle-killed/deep"), { recursive: true });
    await writeFile(join(folder, "tmp/.bundle-killed.lock"), "kovn-build lock\n");
    let done = () => {};
    let first = "";
    const working = withScratch(folder, "one", host, async (path) => {
      first = path;
      return new Promise<void>((resolve) => (done = resolve));
    });
    await vi.waitUntil(() => first !== "", { timeout: 30_000 });
    await withScratch(folder, "two", host, async (path) => {
      expect(
        (await readdir(join(folder, "tmp")))
          .filter((name) => !name.startsWith("."))
          .map((name) => join(folder, "tmp", name))
          .toSorted(),
      ).toEqual([first, path].toSorted());
    });
    done();
    await working;
    expect(await readdir(join(folder, "tmp"))).toEqual([]);
  });
});
