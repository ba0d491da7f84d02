import { cp, mkdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { inspect } from "../../../src/inspect/inspect.ts";
import { showInspections } from "../../../src/inspect/show.ts";
import { makeResources } from "../../../src/label/pe-resource.ts";
import { makeOwnSbom } from "../../../src/label/sbom.ts";
import { writeZip } from "../../../src/sys/zip.ts";
import { makeDist, type SmallBuild } from "../../helpers/dist.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { aLabel, demoVersion, makeLabelled, makeLabelledPackage } from "../../helpers/label.ts";
import { makePe } from "../../helpers/pe.ts";

const label = aLabel();

describe("what is ours", () => {
  test("a package says all that its label has, from the SBOM and from programs", async ({ folder }) => {
    await makeLabelled(folder, "tree/usr/bin/demo", label);
    await makeLabelled(folder, "tree/usr/bin/other", undefined);
    const path = await makeLabelledPackage(folder, label);
    const found = await inspect(path, host);
    expect(found).toEqual({
      path,
      kind: "deb",
      ours: true,
      package: { package: "demo", version: demoVersion, architecture: "amd64" },
      labels: [{ label, where: ["usr/bin/demo", "usr/share/doc/demo/sbom.cdx.json"] }],
      programs: { all: 2, labelled: 1 },
    });
    expect(showInspections([found])).toBe(`${path}: built by kovn-build
  package       demo ${demoVersion}, amd64
  programs      1 of 2 have no label
  line          1.0
  source        demo 1.2.3, revision 4
  base          https://example.com/demo.git, commit ${"5".repeat(40)}
  patched       commit ${"6".repeat(40)}, tree ${"7".repeat(40)}
  packaged      commit ${"8".repeat(40)}, tree ${"9".repeat(40)}
  variant       default, amd64: -O2 -g
  root          debian 12
  licence       Apache-2.0
  when          2023-11-14 22:13 UTC, the time of the patched commit
  by            Pat Cher <pat@example.com>
  read from     usr/bin/demo, usr/share/doc/demo/sbom.cdx.json

  1 pick
    1  aaaaaaaaaaaa  a fix

  2 patches
    1  greet-world.patch  Greet the world. (seed aaaaaaaaaa)
    2  greet-all.patch    Greet all. (backport, abc)

  1 packaging patch
    1  packaging/docs.patch  Put docs in. (vendor)
`);
  });

  test("a program says it by itself", async ({ folder }) => {
    const path = await makeLabelled(folder, "demo", label);
    expect(await inspect(path, host)).toMatchObject({ kind: "elf", ours: true, labels: [{ label, where: ["demo"] }] });
    const link = join(folder, "alternative");
    await symlink("demo", link);
    expect(await inspect(link, host)).toMatchObject({ path: link, ours: true, labels: [{ label, where: ["alternative"] }] });
  });

  test("of one program whose label is beside it, the text says only where it was read", async ({ folder }) => {
    const found = await inspect(await makeLabelled(folder, "demo", label), host);
    const labels = [{ label, where: ["artifacts.json, beside it"] }];
    const text = showInspections([{ ...found, labels, programs: { all: 1, labelled: 0 } }]);
    expect(text).toContain("  read from     artifacts.json, beside it\n");
    expect(text).not.toContain("have no label");
  });

  test("a program for Windows says it by itself, and shows its version", async ({ folder }) => {
    await writeFile(join(folder, "label.json"), JSON.stringify(label));
    const version = { version: "1.2.3+kovn4", revision: 4 };
    await writeFile(join(folder, "label.rc"), makeResources(version, label, "label.json"));
    const tool = (name: string, ...args: readonly string[]) =>
      execa(`x86_64-w64-mingw32-${name}`, args, { cwd: folder, input: "int main(void) { return 0; }" });
    await tool("windres", "label.rc", "label.o");
    await tool("gcc", "-x", "c", "-", `-Wl,${folder}/label.o`, "-Wl,--no-insert-timestamp", "-o", "demo.exe");
    await tool("strip", "demo.exe");
    const path = join(folder, "demo.exe");
    expect(await inspect(path, host)).toMatchObject({ kind: "pe", ours: true, labels: [{ label }] });
    expect((await readFile(path)).includes(Buffer.from("demo 1.2.3 for Kube-OVN 1.0", "utf16le"))).toBe(true);
  });

  test("a zip has an SBOM", async ({ folder }) => {
    await writeFile(join(folder, "bom"), makeOwnSbom({ name: "demo", version: "1.2.3" }, label));
    const path = join(folder, "demo.zip");
    await writeZip(path, [{ name: "demo/sbom.cdx.json", path: join(folder, "bom") }], 1.7e9);
    expect(await inspect(path, host)).toMatchObject({ kind: "zip", ours: true, labels: [{ label }] });
  });

  test("a package without a label: artifacts.json beside it says it, if it has the package's digest", async ({ folder }) => {
    const dist = await makeDist(folder);
    const path = join(dist, "demo_1.2.3-1+kovn1.00000001_amd64.deb");
    const found = await inspect(path, host);
    expect(found).toMatchObject({ ours: true, labels: [{ label: { line: "1.0" }, where: ["artifacts.json, beside it"] }] });
    await symlink(path, join(folder, "link.deb"));
    expect(await inspect(join(folder, "link.deb"), host)).toMatchObject({ ours: true });
    await writeFile(path, await readFile(join(dist, "demo-data_1.2.3-1+kovn1.00000001_all.deb")));
    expect(await inspect(path, host)).toMatchObject({ ours: false, labels: [] });
  });

  test("a published package without a label: one of the manifests beside it says it, if it has its digest", async ({
    folder,
  }) => {
    const name = "demo_1.2.3-1+kovn1.00000001_amd64.deb";
    const out = join(folder, "out");
    await mkdir(out);
    const put = async (build: SmallBuild, manifest: string) => {
      const dist = await makeDist(folder, { ...build, job: { source: manifest } });
      await cp(join(dist, "artifacts.json"), join(out, `artifacts-${manifest}.json`));
      return join(dist, name);
    };
    await cp(await put({}, "b"), join(out, name));
    await put({ content: "other" }, "a");
    await put({ content: "other" }, "c");
    const found = await inspect(join(out, name), host);
    expect(found).toMatchObject({ ours: true, labels: [{ label: { source: "b" }, where: ["artifacts-b.json, beside it"] }] });
    await rm(join(out, "artifacts-b.json"));
    expect(await inspect(join(out, name), host)).toMatchObject({ ours: false, labels: [] });
    await writeFile(join(out, "artifacts-d.json"), "{");
    await expect(inspect(join(out, name), host)).rejects.toThrow("artifacts-d.json cannot be read as JSON.");
  });

  test("a package without a label: its changelog says only that it is ours", async ({ folder }) => {
    const entry = (version: string, by: string) =>
      `demo (${version}) unstable; urgency=medium\n\n  * Built.\n\n -- ${by}  Tue, 14 Nov 2023 22:13:20 +0000\n`;
    const ours = entry(demoVersion, "kovn-build <kovn-build@localhost>");
    const theirs = entry("1.2.3-1", "Somebody <some@example.com>");
    const withText = async (name: string, text: string | Buffer) => {
      const files = { "usr/share/doc/demo/changelog.Debian.gz": text };
      await mkdir(join(folder, name));
      return inspect(await makeLabelledPackage(join(folder, name), undefined, { files }), host);
    };
    const found = await withText("ours", gzipSync(`${ours}\n${theirs}`));
    expect(found).toMatchObject({ ours: true, labels: [] });
    expect(showInspections([found])).toContain("label         none: an older kovn-build made it");
    expect(await withText("forked", gzipSync(`${theirs}\n${ours}`))).toMatchObject({ ours: false });
    expect(await withText("damaged", gzipSync(ours).subarray(0, 40))).toMatchObject({ ours: false });
    expect(await withText("bomb", gzipSync(ours.repeat(100_000)))).toMatchObject({ ours: false });
  });
});

describe("what is not ours", () => {
  test("a package of others, whatever it has at the place of the SBOM", async ({ folder }) => {
    const bom = join(folder, "outside.json");
    await writeFile(bom, makeOwnSbom({ name: "demo", version: "1" }, label));
    const cases = [
      ["nothing", {}],
      ["no JSON", { "usr/share/doc/demo/sbom.cdx.json": "x" }],
      ["another SBOM", { "usr/share/doc/demo/sbom.cdx.json": '{"bomFormat":"CycloneDX"}' }],
      ["a label without a line", { "usr/share/doc/demo/sbom.cdx.json": (await readFile(bom, "utf8")).replace("line", "lime") }],
    ] as const;
    for (const [what, files] of cases) {
      await mkdir(join(folder, what));
      const path = await makeLabelledPackage(join(folder, what), undefined, { files });
      expect(await inspect(path, host), what).toMatchObject({ ours: false, labels: [] });
    }
    const link = join(folder, "link/tree/usr/share/doc/demo/sbom.cdx.json");
    await mkdir(dirname(link), { recursive: true });
    await symlink(bom, link);
    const path = await makeLabelledPackage(join(folder, "link"), undefined);
    expect(await inspect(path, host), "a link to one").toMatchObject({ ours: false });
  });

  test("programs without a label, or with the note of another distribution", async ({ folder }) => {
    const path = await makeLabelled(folder, "demo", undefined);
    expect(await inspect(path, host)).toMatchObject({ kind: "elf", ours: false, programs: { all: 1, labelled: 0 } });
    await writeFile(join(folder, "theirs"), `'--package-metadata={"type":"rpm","name":"demo","version":"1"}'`);
    await execa("gcc", ["-x", "c", "-", "-o", path, `-Wl,@${join(folder, "theirs")}`], { input: "int main(void) { return 0; }" });
    expect(await inspect(path, host)).toMatchObject({ ours: false });
    await writeFile(join(folder, "demo.exe"), makePe());
    expect(await inspect(join(folder, "demo.exe"), host)).toMatchObject({ kind: "pe", ours: false });
  });
});

describe("what cannot be inspected is an error", () => {
  const refused = (path: string, why: string) =>
    expect(inspect(path, host)).rejects.toMatchObject({ code: "usage", message: expect.stringContaining(why) });

  test("because it is none of these files, or not a regular one", async ({ folder }) => {
    await writeFile(join(folder, "demo.deb"), "hello\n");
    await writeFile(join(folder, "empty.msi"), "");
    await writeFile(join(folder, "huge"), "");
    await truncate(join(folder, "huge"), 8e9);
    await execa("mkfifo", [join(folder, "fifo")]);
    for (const name of ["demo.deb", "empty.msi", "huge"])
      await refused(join(folder, name), `${name} is not a Debian package, an installer (.msi), a zip or a program.`);
    await refused(join(folder, "fifo"), "it is a FIFO");
    await refused(folder, "it is a folder");
    await refused(join(folder, "nothing"), "there is no such file");
  });

  test("because it is cut off, or 8 GB of nothing after its first bytes", async ({ folder }) => {
    const deb = await readFile(await makeLabelledPackage(folder, label));
    const elf = await readFile(await makeLabelled(folder, "demo", label));
    const heads: readonly (readonly [name: string, bytes: Buffer, why: string])[] = [
      ["deb", deb, "is not "],
      ["elf", elf, "it is cut off"],
      ["exe", makePe(), "is not a whole program for 64-bit Windows"],
      ["zip", Buffer.from("PK\x03\x04 and no more", "latin1"), "is broken or not a zip archive"],
      ["msi", Buffer.from(`\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1${" ".repeat(30)}`, "latin1"), "is not an intact installer"],
    ];
    for (const [name, bytes, why] of heads) {
      const path = join(folder, `cut.${name}`);
      await writeFile(path, bytes.subarray(0, Math.min(bytes.length - 20, 150)));
      await refused(path, why);
    }
    await writeFile(join(folder, "cut.deb"), deb.subarray(0, deb.length - 100));
    await refused(join(folder, "cut.deb"), "is not an intact Debian package");
    for (const name of ["deb", "zip"]) await truncate(join(folder, `cut.${name}`), 8e9);
    await refused(join(folder, "cut.deb"), "is not ");
    await refused(join(folder, "cut.zip"), "the limit for an archive is 128.0 MB");
  });
});
