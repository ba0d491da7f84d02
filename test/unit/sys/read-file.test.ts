import { truncate, mkdir, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { readPeHeader } from "../../../src/verify/pe.ts";
import { cloneFile, sha256, sha256File } from "../../../src/sys/files.ts";
import { assertRegular, readBytes, readText } from "../../../src/sys/read-file.ts";
import { test } from "../../helpers/folder.ts";

/** Makes what is not a regular file at a path, and what messages call it. */
const kinds: readonly (readonly [what: string, make: (path: string) => Promise<unknown>])[] = [
  ["a FIFO", (path) => execa("mkfifo", [path])],
  ["a folder", (path) => mkdir(path)],
  ["a device", (path) => symlink("/dev/zero", path)],
  ["a FIFO", (path) => execa("mkfifo", [`${path}.real`]).then(() => symlink(`${path}.real`, path))],
];

const ways: readonly (readonly [name: string, read: (path: string) => Promise<unknown>])[] = [
  ["readText", (path) => readText(path, "a project file")],
  ["assertRegular", (path) => assertRegular(path)],
  ["sha256File", sha256File],
  ["cloneFile", (path) => cloneFile(path, `${path}.copy`)],
  ["readPeHeader", readPeHeader],
];

describe("what is not a regular file is refused at once, with its name and what it is", () => {
  for (const [way, read] of ways)
    for (const [index, [what, make]] of kinds.entries())
      test(`${way}: ${what} (${index + 1})`, async ({ folder }) => {
        const path = join(folder, "file");
        await make(path);
        await expect(read(path)).rejects.toThrow(`Path ${path} cannot be used: it is ${what}, not a regular file.`);
      });

  test("a socket", async ({ folder }) => {
    const path = join(folder, "file");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    await expect(readBytes(path, "a patch")).rejects.toThrow("it is a socket, not a regular file");
    server.close();
  });

  test("a link, where only a file is expected", async ({ folder }) => {
    await writeFile(join(folder, "real"), "text");
    await symlink("real", join(folder, "file"));
    expect(await readText(join(folder, "file"), "a manifest")).toBe("text");
    await expect(readText(join(folder, "file"), "a manifest", { follow: false })).rejects.toThrow("it is a symbolic link");
  });
});

test("a file that is too large for its kind is refused before it is read", async ({ folder }) => {
  const path = join(folder, "file");
  await writeFile(path, "");
  await truncate(path, 3e12);
  await expect(readText(path, "a project file")).rejects.toThrow(
    `Path ${path} cannot be used: it has 3000.0 GB; the limit for a project file is 256.0 kB.`,
  );
});

test("text that is not UTF-8 is refused, and bytes are read as they are", async ({ folder }) => {
  const path = join(folder, "file");
  const bytes = Buffer.from([0x61, 0xff, 0x0a]);
  await writeFile(path, bytes);
  await expect(readText(path, "a project file")).rejects.toThrow("it is not UTF-8 text");
  expect(await readBytes(path, "a patch")).toEqual(bytes);
  expect(await sha256File(path)).toBe(sha256(bytes));
});

test("an empty file, and one of /proc, which says that it has no bytes, are read whole", async ({ folder }) => {
  await writeFile(join(folder, "file"), "");
  expect(await readText(join(folder, "file"), "a manifest")).toBe("");
  expect(await readText("/proc/self/status", "a log")).toContain("Pid:");
});

test("many small files are read into no more memory than they need", async ({ folder }) => {
  const path = join(folder, "file");
  await writeFile(path, "small");
  const before = process.memoryUsage().arrayBuffers;
  const read = await Promise.all(Array.from({ length: 200 }, async () => readBytes(path, "a patch")));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10e6);
  expect(read.every((bytes) => bytes.equals(Buffer.from("small")))).toBe(true);
});
