import { readdir, truncate } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { unpackPackage } from "../../../src/sys/deb.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { writeFiles } from "../../helpers/project.ts";

const control = "Package: demo\nVersion: 1\nArchitecture: all\nMaintainer: Me <me@example.com>\nDescription: x\n";

/** A package with a file of so many zeros. */
async function makeDeb(folder: string, zeros: number, compression: string): Promise<string> {
  const root = join(folder, "root");
  await writeFiles(root, { "DEBIAN/control": control, "usr/share/zeros": "" });
  await truncate(join(root, "usr/share/zeros"), zeros);
  const file = join(folder, "demo.deb");
  await execa("dpkg-deb", ["--build", "--root-owner-group", `-Z${compression}`, "-z1", root, file]);
  return file;
}

describe("unpackPackage", () => {
  test("unpacks a package as it is", async ({ folder }) => {
    const file = await makeDeb(folder, 50e6, "xz");
    await unpackPackage(file, join(folder, "to"), { host });
    expect(await readdir(join(folder, "to/usr/share"))).toEqual(["zeros"]);
  });

  test.for(["xz", "gzip"])(
    "refuses a package that unpacks to very much, before it writes (%s)",
    async (compression, { folder }) => {
      const file = await makeDeb(folder, 400e6, compression);
      const why = /demo\.deb is not an intact Debian package: it has .+, and would unpack to more than .+ MB\.$/;
      await expect(unpackPackage(file, join(folder, "to"), { host })).rejects.toThrow(why);
      expect(await readdir(folder)).not.toContain("to");
    },
  );

  test("says what dpkg-deb says of a file that is not a package", async ({ folder }) => {
    await writeFiles(folder, { "demo.deb": "no package" });
    const why = /demo\.deb is not an intact Debian package: unexpected end of file.*\.$/;
    await expect(unpackPackage(join(folder, "demo.deb"), join(folder, "to"), { host })).rejects.toThrow(why);
  });
});
