import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { startQemu } from "../../../src/prove/qemu.ts";
import { makeMaker } from "../../helpers/archive.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { writeFiles } from "../../helpers/project.ts";

/** A folder `debs` with a package of each architecture, whose version ends with `suffix`. */
async function makePackages(
  folder: string,
  architectures: readonly string[],
  suffix = ".deb12",
  description = "x",
): Promise<string> {
  const debs = join(folder, "debs");
  await writeFiles(debs, { "artifacts.json": "{}" });
  for (const arch of architectures) {
    const control = {
      Package: `demo-${arch}`,
      Version: `1-1+kovn1.00000001${suffix}`,
      Architecture: arch,
      Maintainer: "x",
      Description: description,
    };
    const text = Object.entries(control).map(([name, value]) => `${name}: ${value}\n`);
    await writeFiles(folder, { [`tree-${arch}/DEBIAN/control`]: text.join("") });
    await execa("dpkg-deb", ["--build", join(folder, `tree-${arch}`), join(debs, `demo_${arch}.deb`)]);
  }
  return debs;
}

const entry = "enabled\ninterpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P\nflags: POF\noffset 0\n";

/** Starts QEMU on a machine that has `programs` besides its own, and `binfmt` as the kernel's list. */
async function start(
  folder: string,
  debs: string,
  programs: Readonly<Record<string, string>>,
  binfmt: Readonly<Record<string, string>>,
) {
  const bin = await makeMaker(folder);
  // An archive that has nothing.
  await writeFiles(bin, { "apt-get": "#!/bin/sh\n", ...programs });
  await writeFiles(join(folder, "binfmt"), { status: "enabled\n", ...binfmt });
  const own = { ...host, env: { PATH: `${bin}:/usr/bin:/bin` } };
  return startQemu(debs, { arch: "amd64", work: join(folder, "work"), mirrors: {}, host: own, binfmt: join(folder, "binfmt") });
}

const qemu = { "qemu-aarch64-static": "#!/bin/sh\n" };

describe("packages of another architecture", () => {
  test("are installed in a root of their distribution, whose files QEMU then finds", async ({ folder }) => {
    const debs = await makePackages(folder, ["arm64", "all"]);
    const { runner, tree } = await start(folder, debs, qemu, { "qemu-aarch64": entry });
    expect(tree).toMatch(/\/work\/roots\/debian-12-arm64-[-0-9a-f]+\/tree$/);
    expect(runner.env).toEqual({ QEMU_LD_PREFIX: tree });
    expect(await readFile(join(folder, "arguments"), "utf8")).toContain(
      ` --include=${debs}/demo_all.deb --include=${debs}/demo_arm64.deb `,
    );
    // It is kept for the same packages.
    expect((await start(folder, debs, qemu, { "qemu-aarch64": entry })).tree).toBe(tree);
    await makePackages(folder, ["arm64"], ".deb12", "y");
    expect((await start(folder, debs, qemu, { "qemu-aarch64": entry })).tree).not.toBe(tree);
  });

  test.for([
    ["no packages", [], ".deb12", "has no Debian packages of one other architecture than this machine's (amd64)."],
    ["packages of this machine", ["amd64"], ".deb12", "has no Debian packages of one other architecture"],
    ["packages of two architectures", ["amd64", "arm64"], ".deb12", "has no Debian packages of one other architecture"],
    ["packages of no known distribution", ["arm64"], "", "of demo-arm64 does not say which distribution it is for."],
  ] as const)("are what a folder with %s does not have", async ([, architectures, suffix, message], { folder }) => {
    const debs = await makePackages(folder, architectures, suffix);
    const started = start(folder, debs, qemu, { "qemu-aarch64": entry });
    await expect(started).rejects.toMatchObject({ code: "usage", message: expect.stringContaining(message) });
  });

  test.for([
    // QEMU has no program for it, so that a machine with QEMU has none either.
    ["QEMU", "ia64", {}, { "qemu-ia64": entry }, "which runs programs of ia64, is not installed.", "apt-get install"],
    [
      "an entry in binfmt_misc",
      "arm64",
      qemu,
      {},
      "has no entry qemu-aarch64 with flag F.",
      "update-binfmts --enable qemu-aarch64",
    ],
    [
      "an entry that is on",
      "arm64",
      qemu,
      { "qemu-aarch64": entry.replace("enabled", "disabled") },
      "has no entry",
      "update-binfmts",
    ],
    ["an entry for roots", "arm64", qemu, { "qemu-aarch64": entry.replace("POF", "OC") }, "has no entry", "update-binfmts"],
  ] as const)("do not run without %s", async ([, arch, programs, binfmt, message, hint], { folder }) => {
    const started = start(folder, await makePackages(folder, [arch]), programs, binfmt);
    await expect(started).rejects.toMatchObject({
      code: "machine",
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });
});
