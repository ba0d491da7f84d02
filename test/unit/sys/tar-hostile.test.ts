import { mkdir, readdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { Header } from "tar";
import { describe, expect } from "vitest";
import { extractTar, readTar } from "../../../src/sys/tar.ts";
import { test } from "../../helpers/folder.ts";

interface Odd {
  readonly path: string;
  readonly type?: "File" | "Link" | "SymbolicLink" | "CharacterDevice" | "FIFO";
  readonly linkpath?: string;
  readonly size?: number;
  readonly content?: string;
}

/** A tar archive; a `size` that is given may lie. */
function tarOf(members: readonly Odd[]): Buffer {
  const blocks = members.flatMap(({ content = "", size = content.length, type = "File", ...rest }) => {
    const block = Buffer.alloc(512);
    new Header({ ...rest, type, size, mode: 0o644, mtime: new Date(0) }).encode(block, 0);
    return [block, Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const good = tarOf([{ path: "top/a", content: "text" }]);
const cut = gzipSync(Buffer.concat([tarOf([{ path: "top/a", content: "x".repeat(1e5) }])])).subarray(0, -40);

/** Archives that both readers refuse, and what they say. */
const broken: readonly (readonly [string, Buffer, RegExp])[] = [
  ["zstd", Buffer.from(`28b52ffd${"0".repeat(2000)}`, "hex"), /is compressed with zstd; only gzip is read\.$/],
  ["xz", Buffer.from("fd377a585a0000", "hex"), /compressed with xz/],
  ["bzip2", Buffer.from("BZh91AY"), /compressed with bzip2/],
  ["lzip", Buffer.from("LZIP\u0001"), /compressed with lzip/],
  ["a gzip file that is cut off", cut, /it is cut off\.$/],
  ["gzip in gzip", gzipSync(gzipSync(good)), /is compressed twice/],
  ["gzip with wrong bytes", Buffer.concat([gzipSync(good).subarray(0, 10), Buffer.alloc(60, 0xff)]), /compressed data is broken/],
  ["text", Buffer.from("not an archive\n".repeat(100)), /broken|not a tar/],
  ["an empty file", Buffer.alloc(0), /broken|not a tar/],
  ["a member that is longer than the archive", tarOf([{ path: "top/a", size: 1e9, content: "x" }]), /it is cut off\.$/],
];

describe("an archive that cannot be read is refused in one sentence", () => {
  for (const [what, bytes, says] of broken)
    test(what, async ({ folder }) => {
      const file = join(folder, "a.tar");
      await mkdir(join(folder, "out"));
      await writeFile(file, bytes);
      const receive = async ({ content }: { readonly content: AsyncIterable<Uint8Array> }) => {
        await Readable.from(content).toArray();
      };
      const says1 = { message: expect.stringMatching(says), name: "BuildError" };
      await expect(extractTar(file, join(folder, "out"))).rejects.toMatchObject(says1);
      await expect(readTar(file, receive)).rejects.toMatchObject(says1);
    });
});

describe("a member that leads outside, or cannot be a part of a source, is refused", () => {
  for (const [what, member] of [
    ["..", { path: "top/../../evil", content: "x" }],
    ["a link to a file outside", { path: "top/a", type: "SymbolicLink", linkpath: "../../../evil" }],
    ["a hard link to a file outside", { path: "top/a", type: "Link", linkpath: "../../evil" }],
    ["a device", { path: "top/a", type: "CharacterDevice" }],
    ["a FIFO", { path: "top/a", type: "FIFO" }],
  ] as const)
    test(what, async ({ folder }) => {
      const file = join(folder, "a.tar");
      await mkdir(join(folder, "out"));
      await writeFile(file, tarOf([member]));
      await expect(extractTar(file, join(folder, "out"))).rejects.toMatchObject({ code: "digest" });
      expect((await readdir(folder)).toSorted()).toEqual(["a.tar", "out"]);
    });
});

test("an archive, plain or compressed, is read whole", async ({ folder }) => {
  for (const bytes of [good, gzipSync(good)]) {
    const file = join(folder, "a.tar");
    await writeFile(file, bytes);
    const seen: string[] = [];
    await readTar(file, async ({ name, content }) => {
      seen.push(name, Buffer.concat((await Readable.from(content).toArray()) as Uint8Array[]).toString());
    });
    expect(seen).toEqual(["top/a", "text"]);
  }
});

test("nothing is read after a failure of the receiver", async ({ folder }) => {
  const file = join(folder, "a.tar");
  await writeFile(file, tarOf([{ path: "a", content: "x" }, { path: "b", content: "y".repeat(3e6) }, { path: "c" }]));
  // Of 200 GB, which would take minutes.
  await truncate(file, 2e11);
  const seen: string[] = [];
  const failing = readTar(file, ({ name }) => {
    seen.push(name);
    return Promise.reject(new Error("no room"));
  });
  await expect(failing).rejects.toThrow("no room");
  expect(seen).toEqual(["a"]);
});

test("what follows the end of an archive is not read", async ({ folder }) => {
  const file = join(folder, "a.tar");
  await writeFile(file, good);
  await truncate(file, 2e11);
  const seen: string[] = [];
  await readTar(file, ({ name, content }) => {
    seen.push(name);
    return Readable.from(content)
      .toArray()
      .then(() => undefined);
  });
  expect(seen).toEqual(["top/a"]);
});
