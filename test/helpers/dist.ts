import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { execa } from "execa";
import { describeArtifacts } from "../../src/dist/artifact.ts";
import { writeDist } from "../../src/dist/write.ts";
import { digestOfManifest, verifiedName, writeVerified, type Verified } from "../../src/dist/verified.ts";
import type { BuiltJob, Manifest } from "../../src/dist/manifest.ts";
import { distributionSuffix } from "../../src/plan/suffix.ts";
import { sha256 } from "../../src/sys/files.ts";
import { copyFixture } from "./fixtures.ts";
import { host } from "./host.ts";

/** Describes a small build; everything has a default. */
export interface SmallBuild {
  readonly target?: string;
  readonly line?: string;
  readonly variant?: string;
  readonly arch?: string;
  /** What the packages are for, with its suffix in their version; default: Debian 12 without it. */
  readonly distribution?: string;
  /** Part of the packages' version and content. */
  readonly revision?: number;
  /** Content of the packages, so that the same version can have different bytes. */
  readonly content?: string;
  readonly job?: Partial<BuiltJob>;
  /** Compiler flags of the variant. */
  readonly flags?: string;
  /** Names of further files beside the packages. */
  readonly others?: readonly string[];
}

const series = [
  {
    name: "greet-world.patch",
    sha256: "1".repeat(64),
    patchId: "2".repeat(40),
    seed: "aaaaaaaaaa",
    subject: "Greet",
    origin: "vendor",
  },
  {
    name: "take-back.patch",
    sha256: "3".repeat(64),
    patchId: "4".repeat(40),
    seed: "none",
    subject: "Fix",
    origin: "backport, abc",
  },
];

/**
 * Makes a folder of artifacts as `build` does, with real packages of a few hundred bytes
 * (dpkg-deb(1)): `demo` for the architecture, and `demo-data` for all. The same build gives the
 * same bytes. Returns the folder, which is `<out>/<target>`.
 */
export async function makeDist(out: string, build: SmallBuild = {}): Promise<string> {
  const { target = "linux" } = build;
  await rm(join(out, target), { recursive: true, force: true });
  const name = `dist-${sha256(JSON.stringify(build))}`;
  return join(out, await copyFixture(name, out, async (folder) => basename(await buildDist(folder, build))));
}

async function buildDist(out: string, build: SmallBuild): Promise<string> {
  const { target = "linux", arch = "amd64", revision = 1, content = "", others = [] } = build;
  const version = `1.2.3-1+kovn${revision}.0000000${revision}${distributionSuffix(build.distribution)}`;
  const work = join(out, ".work");
  await mkdir(join(work, "out"), { recursive: true });
  const packages = target === "linux" ? [["demo", arch] as const, ["demo-data", "all"] as const] : [];
  for (const [name, architecture] of packages)
    await makePackage(work, name, version, architecture, `${content || revision} ${arch}`);
  for (const name of others) await writeFile(join(work, "out", name), `${name} ${revision}\n`);
  return writeSmallDist(out, work, build);
}

/** Writes a folder of artifacts with the files in `out` of a work folder, and removes the work folder. */
export async function writeSmallDist(out: string, work: string, build: SmallBuild): Promise<string> {
  const { target = "linux", line = "1.0", variant = "default", arch = "amd64", revision = 1, flags = "-O2" } = build;
  const suffix = distributionSuffix(build.distribution);
  const artifacts = await describeArtifacts({ id: "demo", artifacts: ["**"] }, join(work, "out"), host);
  const job: BuiltJob = {
    id: "demo",
    key: `${target} ${variant} ${arch} ${revision}${suffix}`,
    source: "demo",
    version: "1.2.3",
    revision,
    base: { kind: "git", url: "https://example.com/demo.git", commit: "5".repeat(40) },
    baseCommit: "5".repeat(40),
    alternate: false,
    locked: true,
    license: "Apache-2.0 AND BSD-2-Clause",
    patchedCommit: "6".repeat(40),
    patchedTree: "7".repeat(40),
    series,
    ...(target === "linux" ? { distribution: build.distribution ?? "debian 12" } : {}),
    tools: { gcc: "4:12.2.0-3", debhelper: "13.11.4" },
    duration: 1,
    ...build.job,
  };
  const builder = { name: "kovn-build", version: "0.1.0", node: "20.0.0" };
  const manifest: Manifest = { schema: 1, target, line, variant, arch, flags, builder, jobs: [job], artifacts };
  const folder = await writeDist(out, manifest, () => join(work, "out"), host);
  await passVerify(folder);
  await rm(work, { recursive: true });
  return folder;
}

async function makePackage(work: string, name: string, version: string, architecture: string, content: string): Promise<void> {
  const tree = join(work, name);
  await mkdir(join(tree, "usr/share", name), { recursive: true });
  await writeFile(join(tree, "usr/share", name, "content"), `${content}\n`);
  await packTree(tree, join(work, "out"), { name, version, architecture });
}

/** Packs a folder of files as a package, into the folder `to`. */
export async function packTree(
  tree: string,
  to: string,
  { name, version, architecture }: { readonly name: string; readonly version: string; readonly architecture: string },
): Promise<void> {
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    "Maintainer: Pat Cher <pat@example.com>",
    "Description: a small package",
    "",
  ];
  await mkdir(join(tree, "DEBIAN"), { recursive: true });
  await writeFile(join(tree, "DEBIAN/control"), control.join("\n"));
  const file = join(to, `${name}_${version}_${architecture}.deb`);
  const env = { PATH: process.env["PATH"] ?? "", SOURCE_DATE_EPOCH: "1700000000" };
  await execa("dpkg-deb", ["--root-owner-group", "--build", tree, file], { env, extendEnv: false });
}

/** Writes the record of a `verify` that a build passed, but for what is said otherwise. */
export async function passVerify(folder: string, other: Partial<Verified> = {}): Promise<void> {
  const artifacts = await digestOfManifest(folder);
  // Else what the earlier one says of the same bytes would stay.
  await rm(join(folder, verifiedName), { force: true });
  await writeVerified(folder, { artifacts, run: true, checks: { integrity: "pass" }, ...other });
}

/** Rewrites a folder's `artifacts.json`, and the record of `verify`. */
export async function editManifest(folder: string, edit: (manifest: Manifest) => unknown): Promise<void> {
  const path = join(folder, "artifacts.json");
  await writeFile(path, JSON.stringify(edit(JSON.parse(await readFile(path, "utf8")) as Manifest)));
  await passVerify(folder);
}
