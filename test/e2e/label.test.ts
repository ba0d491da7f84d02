import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { execa } from "execa";
import { expect } from "vitest";
import { inspect } from "../../src/inspect/inspect.ts";
import { deb } from "../../src/steps/deb.ts";
import { sha256File } from "../../src/sys/files.ts";
import { test } from "../helpers/folder.ts";
import { host } from "../helpers/host.ts";
import { aLabel } from "../helpers/label.ts";
import { aStepContext } from "../helpers/step.ts";

const source = {
  "debian/control": `Source: demo
Section: net
Priority: optional
Maintainer: Upstream <up@example.com>
Build-Depends: debhelper
Standards-Version: 4.6.1

Package: demo
Architecture: any
Depends: \${shlibs:Depends}, \${misc:Depends}
Description: a demo
 It does nothing.

Package: demo-data
Architecture: all
Depends: \${misc:Depends}
Description: data of the demo
 It is empty.
`,
  "debian/changelog":
    "Demo (1.2.3-1) unstable; urgency=low\n\n  * Made.\n\n -- Up <up@example.com>  Tue, 14 Nov 2023 22:13:20 +0000\n",
  // As OVN has it: an old one that knows few hooks.
  "debian/compat": "9\n",
  "debian/copyright": "Everybody may copy it.\n",
  "debian/rules": "#!/usr/bin/make -f\n%:\n\tdh $@\noverride_dh_auto_install:\n\tinstall -D demo debian/demo/usr/bin/demo\n",
  "demo.c": "int main(void) { return 0; }\n",
  Makefile: "demo: demo.c\n\tgcc $(CFLAGS) demo.c -o demo $(LDFLAGS)\n",
};

const version = "1.2.3-1+kovn4.00000001.deb12";

/** Builds the packages of the source with the step `deb`, in a folder. Returns their paths. */
async function build(dir: string): Promise<readonly string[]> {
  await rm(dir, { recursive: true, force: true });
  for (const [path, text] of Object.entries(source)) {
    await mkdir(join(dir, "src", path, ".."), { recursive: true });
    await writeFile(join(dir, "src", path), text, { mode: path === "debian/rules" ? 0o755 : 0o644 });
  }
  for (const folder of ["tmp", "home", "out"]) await mkdir(join(dir, folder));
  const lines: string[] = [];
  const changes = { flags: "-O2 -g", versionSuffix: "+kovn4.00000001.deb12", label: aLabel() };
  const context = aStepContext(dir, { ...changes, onLines: async (some) => void lines.push(...some) });
  await deb.run({ packages: ["demo", "demo-data"], options: [], env: {} }, context).catch((error: unknown) => {
    throw new Error(lines.slice(-20).join("\n"), { cause: error });
  });
  const names = (await readdir(join(dir, "out"), { recursive: true })).filter((name) => name.endsWith(".deb"));
  return names.toSorted().map((name) => join(dir, "out", name));
}

test.skipIf(!existsSync("/usr/bin/dh"))(
  "packages say how they were built, with the same bytes in every folder",
  { timeout: 240_000 },
  async ({ folder }) => {
    const built = await build(join(folder, "one/demo"));
    const label = aLabel();
    const { arch: _, flags: __, ...forAll } = label;
    const [debug = "", all = "", any = ""] = built;
    expect(await inspect(any, host)).toMatchObject({
      package: { package: "demo", version, architecture: "amd64" },
      labels: [{ label, where: ["usr/bin/demo", "usr/share/doc/demo/sbom.cdx.json"] }],
      programs: { all: 1, labelled: 1 },
    });
    expect(await inspect(all, host)).toMatchObject({ labels: [{ label: forAll }] });
    expect(await inspect(debug, host)).toMatchObject({ labels: [{ label }] });

    const fields = await execa("dpkg-deb", [
      "--field",
      all,
      "Maintainer",
      "Original-Maintainer",
      "Kovn-Line",
      "Kovn-Base",
      "Kovn-Commit",
    ]);
    expect(fields.stdout.split("\n").toSorted()).toEqual([
      `Kovn-Base: https://example.com/demo.git ${"5".repeat(40)}`,
      `Kovn-Commit: ${"8".repeat(40)}`,
      "Kovn-Line: 1.0",
      "Maintainer: Pat Cher <pat@example.com>",
      "Original-Maintainer: Upstream <up@example.com>",
    ]);

    const tree = join(folder, "tree");
    await execa("dpkg-deb", ["--extract", any, tree]);
    const doc = join(tree, "usr/share/doc/demo");
    const changelog = gunzipSync(await readFile(join(doc, "changelog.Debian.gz"))).toString();
    expect(changelog.split("\n\n -- ")[0]).toBe(`demo (${version}) unstable; urgency=medium

  * Built by kovn-build: demo 1.2.3 of Kube-OVN line 1.0.
  * Base: https://example.com/demo.git, commit
    ${"5".repeat(40)}.
  * Patched commit: ${"6".repeat(40)}.
  * Upstream's commit aaaaaaaaaaaa: a fix
  * greet-world.patch: Greet the world. (seed aaaaaaaaaa)
  * greet-all.patch: Greet all.
  * packaging/docs.patch: Put docs in.`);
    const notes = await execa("readelf", ["--notes", "--wide", join(tree, "usr/bin/demo")]);
    expect(notes.stdout).toContain(
      `Packaging Metadata: {"type":"deb","os":"debian","osVersion":"12","osCpe":"cpe:/o:debian:debian_linux:12","name":"demo","version":"${version}","architecture":"amd64","kovn":`,
    );
    const sbom = await readFile(join(doc, "sbom.cdx.json"), "utf8");
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(sbom)).toBeNull();
    expect(JSON.parse(sbom)).toMatchObject({
      metadata: { component: { name: "demo", version, purl: `pkg:deb/kube-ovn/demo@1.2.3-1%2Bkovn4.00000001.deb12?arch=amd64` } },
      components: [{ name: "demo", pedigree: { patches: [{ resolves: [{ name: "Greet the world." }] }, {}, {}] } }],
    });

    const again = await build(join(folder, "two@+/demo"));
    expect(await Promise.all(again.map(async (path) => sha256File(path)))).toEqual(
      await Promise.all(built.map(async (path) => sha256File(path))),
    );
  },
);
