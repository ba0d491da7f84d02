import { mkdir, readdir, rmdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test as plain } from "vitest";
import { freeSpace, whyUnwritable } from "../../../src/sys/disk.ts";
import { listFiles } from "../../../src/sys/files.ts";
import { codeBlock } from "../../../src/sys/markdown.ts";
import { formatSize } from "../../../src/sys/size.ts";
import { withTempDir } from "../../../src/sys/with-temp-dir.ts";
import { writeWhole } from "../../../src/sys/write-whole.ts";
import { test } from "../../helpers/folder.ts";

test("files below a folder are listed with links and without folders", async ({ folder }) => {
  await mkdir(join(folder, "a/empty"), { recursive: true });
  await writeFile(join(folder, "a/b"), "");
  await symlink("nowhere", join(folder, "a/link"));
  expect((await listFiles(folder)).toSorted()).toEqual(["a/b", "a/link"]);
});

test("a file that cannot be written leaves nothing behind", async ({ folder }) => {
  await mkdir(join(folder, "a"));
  await expect(writeWhole(join(folder, "a"), "text")).rejects.toThrow("EISDIR");
  expect(await readdir(folder)).toEqual(["a"]);
});

test("a temporary folder is removed when the work is done and when it fails", async ({ folder }) => {
  const prefix = join(folder, "tmp", "try-");
  const dir = await withTempDir(prefix, async (path) => {
    await writeFile(join(path, "file"), "");
    return path;
  });
  expect(dir.startsWith(prefix)).toBe(true);
  await expect(withTempDir(prefix, async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await readdir(join(folder, "tmp"))).toEqual([]);
});

test("the free space of a path that does not exist is that of the nearest folder", async ({ folder }) => {
  const { dir, bytes } = await freeSpace(join(folder, "a/b"));
  expect(dir).toBe(folder);
  expect(bytes).toBeGreaterThan(0);
});

test("a folder that another process makes and removes meanwhile can be written", async ({ folder }) => {
  const place = join(folder, "a/b");
  const done = new AbortController();
  const other = async () => {
    while (!done.signal.aborted) {
      await mkdir(place, { recursive: true });
      await rmdir(place).catch(() => undefined);
      await rmdir(join(folder, "a")).catch(() => undefined);
    }
  };
  const running = other();
  const found = new Set<string | undefined>();
  for (let round = 0; round < 300; round++) found.add(await whyUnwritable(place));
  done.abort();
  await running;
  expect([...found].filter((why) => why?.includes("link"))).toEqual([]);
});

test("a link to nothing cannot be written", async ({ folder }) => {
  await symlink("nowhere", join(folder, "link"));
  expect(await whyUnwritable(join(folder, "link/a"))).toBe(`${join(folder, "link")} is a link to nothing`);
});

describe("formatSize", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0.0 kB"],
    [999_499, "999.5 kB"],
    [12_345_678, "12.3 MB"],
    [1.5e9, "1.5 GB"],
  ];
  for (const [bytes, text] of cases) plain(`${bytes} bytes are ${text}`, () => expect(formatSize(bytes)).toBe(text));
});

plain("the fence of a code block is longer than any in it", () => {
  expect(codeBlock("a\n````\nb", "text")).toBe("`````text\na\n````\nb\n`````");
  expect(codeBlock("a", "")).toBe("```\na\n```");
});
