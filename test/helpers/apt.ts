import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { makeUpstream, writeFiles } from "./project.ts";

/** A Debian package of the fixture source, and a folder for PATH with an apt that offers it. */
export interface FakeApt {
  readonly path: string;
  /** The `alternates:` of a source.yaml that declares it. */
  readonly alternates: string;
}

/** The first lines of an `apt-get` that prints its version, which `doctor` asks for. */
export const answersVersion = `#!/bin/sh\n[ "$1" != --version ] || exec echo "apt 2.6.1 (amd64)"\n`;

/**
 * Makes the package `demo-source` with dpkg-deb(1), and small scripts `apt-cache` and `apt-get`,
 * first in PATH, that offer its version `version`.
 */
export async function makeApt(folder: string, version = "1.2.3-1"): Promise<FakeApt> {
  const tree = join(folder, "apt/demo-1.2.3");
  await makeUpstream(tree);
  await writeFiles(tree, { ".gitignore": "*.txt\n", "debian/changelog": "demo (1.2.3-1) stable; urgency=low\n" });
  const root = join(folder, "apt/root");
  await writeFiles(root, {
    "DEBIAN/control": `Package: demo-source\nVersion: ${version}\nArchitecture: all\nMaintainer: Me <me@example.com>\nDescription: x\n`,
    "usr/src/.keep": "",
  });
  const member = "usr/src/demo.tar.gz";
  await execa("tar", ["--create", "--gzip", "--exclude=.git", `--file=${join(root, member)}`, "demo-1.2.3"], {
    cwd: join(folder, "apt"),
  });
  await execa("dpkg-deb", ["--build", "--root-owner-group", root, join(folder, "apt/demo-source.deb")]);
  const sha256 = createHash("sha256")
    .update(await readFile(join(root, member)))
    .digest("hex");
  await writeFiles(join(folder, "bin"), {
    "apt-cache": `#!/bin/sh\n[ "$2" = demo-source ] && echo " demo-source | ${version} | http://deb.example.com stable/main Sources"\nexit 0\n`,
    "apt-get": `${answersVersion}for word; do [ "$word" = download ] && cp '${folder}/apt/demo-source.deb' .; done\nexit 0\n`,
  });
  return {
    path: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`,
    alternates: `alternates:\n  - { apt: demo-source, version: ${version}, member: ${member}, sha256: ${sha256} }\n`,
  };
}
