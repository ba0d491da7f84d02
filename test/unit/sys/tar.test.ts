import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { extractTar } from "../../../src/sys/tar.ts";
import { test } from "../../helpers/folder.ts";

describe("an archive", () => {
  test("with a path that is not UTF-8 is refused, since two such paths would become one", async ({ folder }) => {
    const [inside, out] = [join(folder, "in/top"), join(folder, "out")];
    for (const path of [inside, out]) await mkdir(path, { recursive: true });
    for (const byte of [0xe8, 0xe9])
      await writeFile(Buffer.concat([Buffer.from(`${inside}/caf`), Buffer.from([byte])]), String(byte));
    const file = join(folder, "odd.tar");
    await execa("tar", ["--create", "--file", file, "--directory", join(folder, "in"), "top"]);
    await expect(extractTar(file, out)).rejects.toMatchObject({
      code: "digest",
      message: expect.stringContaining("path top/caf\uFFFD is not UTF-8"),
    });
    expect(await readdir(out)).toEqual([]);
  });
});
