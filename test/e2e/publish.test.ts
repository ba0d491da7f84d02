import { createWriteStream } from "node:fs";
import { appendFile, cp, mkdir, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Header, Pack, ReadEntry } from "tar";
import { describe, expect } from "vitest";
import type { Verified } from "../../src/dist/verified.ts";
import { sha256 } from "../../src/sys/files.ts";
import { kovnBuild, run } from "../helpers/cli.ts";
import { editManifest, makeDist, passVerify } from "../helpers/dist.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { makeRepository } from "../helpers/repository.ts";

/** Publishes to a folder `out` that must not be created. Returns the result. */
async function refused(folder: string, inputs: readonly string[], options: readonly string[] = []) {
  const before = await contentOf(folder);
  const result = await kovnBuild(folder, ["publish", ...inputs, "--to", "dir=out", ...options]);
  await rm(join(folder, ".kovn"), { recursive: true, force: true });
  expect(await contentOf(folder)).toEqual(before);
  return result;
}

describe("publish --to dir", () => {
  test("puts the files of all builds side by side, with manifests, SBOM and correct checksums", async ({ folder }) => {
    const linux = await makeDist(join(folder, "dist"));
    const windows = await makeDist(join(folder, "dist"), { target: "windows", others: ["ovs.msi", "ovs.zip"] });
    const result = await kovnBuild(folder, ["publish", linux, windows, "--to", "dir=out"]);
    expect(result).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining("notice") as unknown });
    expect((await readdir(join(folder, "out"))).toSorted()).toEqual([
      "SHA256SUMS",
      "artifacts-linux-debian-12-amd64-default.json",
      "artifacts-windows-amd64-default.json",
      "demo-data_1.2.3-1+kovn1.00000001_all.deb",
      "demo_1.2.3-1+kovn1.00000001_amd64.deb",
      "ovs.msi",
      "ovs.zip",
      "provenance-linux-debian-12-amd64-default.intoto.json",
      "provenance-windows-amd64-default.intoto.json",
      expect.stringMatching(/^sbom-1\.0-[0-9a-f]{12}\.cdx\.json$/),
    ]);
    expect(await run(join(folder, "out"), ["sha256sum", "--check", "--strict", "SHA256SUMS"])).toMatchObject({ exitCode: 0 });
    expect(await kovnBuild(folder, ["inspect", "out/demo_1.2.3-1+kovn1.00000001_amd64.deb"])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/ {2}read from {5}artifacts-linux-debian-12-amd64-default\.json, beside it$/m),
    });
  });

  test("takes all builds in dist when none is named, and a repeated publish changes nothing", async ({ folder }) => {
    await makeDist(join(folder, "dist"));
    await kovnBuild(folder, ["publish", "--to", "dir=out"]);
    const before = await contentOf(join(folder, "out"));
    const again = await kovnBuild(folder, ["publish", "--to", "dir=out"]);
    expect(again).toMatchObject({ exitCode: 0, stdout: "dir=out: nothing to do, everything is already published" });
    expect(await contentOf(join(folder, "out"))).toEqual(before);
  });

  test("packages for all architectures come from amd64, in any order of builds", async ({ folder }) => {
    const amd64 = await makeDist(join(folder, "a"));
    const arm64 = await makeDist(join(folder, "b"), { arch: "arm64" });
    const one = await kovnBuild(folder, ["publish", arm64, amd64, "--to", "dir=one"]);
    await kovnBuild(folder, ["publish", amd64, arm64, "--to", "dir=two"]);
    expect(one.stdout).toContain(
      "left out  demo-data_1.2.3-1+kovn1.00000001_all.deb: packages for all architectures come from amd64, not from linux-debian-12-arm64-default",
    );
    const published = await contentOf(join(folder, "one"));
    expect(Object.keys(published).filter((name) => name.endsWith(".deb"))).toHaveLength(3);
    const data = "demo-data_1.2.3-1+kovn1.00000001_all.deb";
    expect(published[data]).toBe(await readFile(join(amd64, data), "latin1"));
    expect(await contentOf(join(folder, "two"))).toEqual(published);
  });

  test("takes packages for several distributions, of folders or bundles, as `release plan` does", async ({ folder }) => {
    const bookworm = await makeDist(join(folder, "bookworm"), { distribution: "debian 12" });
    const trixie = await makeDist(join(folder, "trixie"), { distribution: "debian 13" });
    const windows = await makeDist(join(folder, "bookworm"), { target: "windows", others: ["a.msi"] });
    const project = await makeRepository(folder);
    const bundle = join(folder, "trixie.tar");
    expect((await kovnBuild(project, ["publish", trixie, windows, "--to", `tar=${bundle}`])).exitCode).toBe(0);
    expect((await kovnBuild(project, ["publish", bookworm, bundle, "--to", "dir=out"])).exitCode).toBe(0);
    const names = (await readdir(join(project, "out"))).filter((name) => name.startsWith("artifacts-"));
    expect(names.toSorted()).toEqual([
      "artifacts-linux-debian-12-amd64-default.json",
      "artifacts-linux-debian-13-amd64-default.json",
      "artifacts-windows-amd64-default.json",
    ]);
    const plan = ["release", "plan", "1.0.0", "--dist", bookworm, "--dist", bundle, "--to", "apt=/nowhere"];
    const { stdout } = await kovnBuild(project, plan);
    expect([...stdout.matchAll(/apt=\/nowhere: (pool\S+)/g)].map((match) => match[1])).toEqual([
      "pool/bookworm/1.0/demo-data_1.2.3-1+kovn1.00000001.deb12_all.deb",
      "pool/bookworm/1.0/demo_1.2.3-1+kovn1.00000001.deb12_amd64.deb",
      "pool/trixie/1.0/demo-data_1.2.3-1+kovn1.00000001.deb13_all.deb",
      "pool/trixie/1.0/demo_1.2.3-1+kovn1.00000001.deb13_amd64.deb",
    ]);
  });

  test("a folder that holds something else is refused with exit 1 and stays", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    await mkdir(join(folder, "other"));
    await writeFile(join(folder, "other/mine.txt"), "mine\n");
    const before = await contentOf(folder);
    const result = await kovnBuild(folder, ["publish", dist, "--to", "dir=other"]);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("Folder other holds something else: mine.txt");
    expect(await contentOf(folder)).toEqual(before);
  });

  test("no destination changes when one of them is refused", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    await mkdir(join(folder, "other"));
    await writeFile(join(folder, "other/mine.txt"), "mine\n");
    const result = await kovnBuild(folder, ["publish", dist, "--to", "dir=out", "--to", "tar=b.tar", "--to", "apt=other"]);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("other is not an apt repository made by kovn-build.");
    expect(await readdir(folder)).toEqual(["dist", "other"]);
  });
});

describe("publish refuses", () => {
  test("a file that does not match its digest in artifacts.json", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"), { others: ["notes.txt"] });
    await writeFile(join(dist, "notes.txt"), "notes.txt 2\n");
    const result = await refused(folder, [dist]);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/notes\.txt has sha256 [0-9a-f]{64}, artifacts\.json says [0-9a-f]{64}\./);
  });

  test("a file that is missing, longer, or a link, all of them at once", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"), { others: ["a.txt", "b.txt", "c.txt"] });
    await rm(join(dist, "a.txt"));
    await appendFile(join(dist, "b.txt"), "more");
    await rm(join(dist, "c.txt"));
    await symlink("b.txt", join(dist, "c.txt"));
    const result = await refused(folder, [dist]);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain("a.txt is missing.");
    expect(result.stderr).toContain("b.txt has 12 bytes, artifacts.json says 8.");
    expect(result.stderr).toContain("c.txt is not a regular file.");
  });

  test("a file that artifacts.json does not name", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    await writeFile(join(dist, "stray.deb"), "");
    const result = await refused(folder, [dist]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain("artifacts.json does not name stray.deb");
  });

  test("a distribution that is none", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"), { job: { distribution: "debian 12\nSuite: x" } });
    const result = await refused(folder, [dist]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain("artifacts.json: jobs.0.distribution: expected a distribution, such as `debian 12`.");
  });

  test("two builds with different files of one name", async ({ folder }) => {
    const one = await makeDist(join(folder, "a"));
    const two = await makeDist(join(folder, "b"), { content: "other" });
    const result = await refused(folder, [one, two]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain("exists twice with different bytes");
    expect(result.stderr).toContain("-> publish one of the two builds, or build both again");
  });

  test("a build that differs from a bundle, which is named, and not the folder that it is unpacked in", async ({ folder }) => {
    const one = await makeDist(join(folder, "a"));
    const bundle = join(folder, "b.tar");
    expect(await kovnBuild(folder, ["publish", one, "--to", `tar=${bundle}`])).toMatchObject({ exitCode: 0 });
    const two = await makeDist(join(folder, "b"), { content: "other" });
    const result = await kovnBuild(folder, ["publish", two, bundle, "--to", `dir=${join(folder, "out")}`]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain(` ${bundle}/linux-debian-12-amd64-default/demo`);
    expect(result.stderr).not.toContain(".kovn/tmp");
  });

  test("an artifacts.json of a newer format", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    await editManifest(dist, (manifest) => ({ ...manifest, schema: 2 }));
    const result = await refused(folder, [dist]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain("has format 2; this kovn-build reads format 1.");
  });

  test("an artifacts.json that is broken, or has paths outside the folder, with all problems at once", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    await editManifest(dist, ({ artifacts, ...manifest }) => ({
      ...manifest,
      line: "../1.0",
      artifacts: artifacts.map((artifact) => ({ ...artifact, file: `../${artifact.file}` })),
    }));
    const result = await refused(folder, [dist]);
    expect(result).toMatchObject({ exitCode: 2 });
    for (const place of ["line", "artifacts.0.file", "artifacts.1.file"])
      expect(result.stderr).toContain(`artifacts.json: ${place}: `);
    await writeFile(join(dist, "artifacts.json"), "{");
    expect(await refused(folder, [dist])).toMatchObject({ exitCode: 2 });
  });

  const disagreements = {
    line: [{ line: "1.1" }, "Lines differ: 1.0 in"],
    revision: [{ revision: 2 }, "`demo`: revisions differ: 1 and 2."],
    pin: [
      { job: { base: { kind: "git", url: "https://example.com/demo.git", commit: "8".repeat(40) } } },
      "`demo`: pins differ: https://example.com/demo.git at 555555555555, and https://example.com/demo.git at 888888888888.",
    ],
    series: [{ job: { series: [] } }, "`demo`: series differ in greet-world.patch, take-back.patch."],
    tree: [{ job: { patchedTree: "9".repeat(40) } }, "`demo`: patched trees differ: 7777"],
  } as const;
  for (const [what, [build, message]] of Object.entries(disagreements))
    test(`builds that disagree on the ${what}`, async ({ folder }) => {
      const one = await makeDist(join(folder, "dist"));
      const two = await makeDist(join(folder, "dist"), { target: "windows", others: ["a.msi"], ...build });
      const result = await refused(folder, [one, two]);
      expect(result).toMatchObject({ exitCode: 2 });
      expect(result.stderr).toContain(message);
    });

  test("packages with other packaging patches, though not programs that have none", async ({ folder }) => {
    const packaged = (digit: string) => ({ packaged: { commit: "8".repeat(40), tree: digit.repeat(40) } });
    const one = await makeDist(join(folder, "one"), { job: packaged("9") });
    const two = await makeDist(join(folder, "two"), { arch: "arm64", job: packaged("a") });
    const windows = await makeDist(join(folder, "one"), { target: "windows", others: ["a.msi"] });
    const result = await refused(folder, [one, two, windows]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain(`trees with packaging patches differ: ${"9".repeat(40)} and ${"a".repeat(40)}.`);
    expect((await kovnBuild(folder, ["publish", one, windows, "--to", "dir=out"])).exitCode).toBe(0);
  });

  test("an alternate base and an unlocked series, unless allowed, which the SBOM records", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"), { job: { alternate: true, locked: false } });
    const result = await refused(folder, [dist]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain("`demo` was built on an alternate base");
    expect(result.stderr).toContain("--allow-alternate --allow-unlocked");
    expect(await refused(folder, [dist], ["--allow-alternate"])).toMatchObject({ exitCode: 2 });
    const allowed = ["--allow-alternate", "--allow-unlocked"];
    expect(await kovnBuild(folder, ["publish", dist, "--to", "dir=out", ...allowed])).toMatchObject({ exitCode: 0 });
    const names = await readdir(join(folder, "out"));
    const sbom = await readFile(join(folder, "out", names.find((name) => name.startsWith("sbom")) ?? ""), "utf8");
    expect(sbom).toContain("kovn:allowed-alternate");
    expect(sbom).toContain("kovn:allowed-unlocked");
  });

  test.for<[what: string, record: Partial<Verified> | undefined, why: string]>([
    ["without a record", undefined, "was not verified"],
    ["with a check that failed", { checks: { integrity: "pass", isa: "fail" } }, "failed `verify` (isa)"],
    ["of which nothing ran", { run: false }, "was verified with --no-run only"],
    ["without a check that passed", { checks: { install: "skipped" } }, "passed no check of `verify`"],
    ["that changed later", { artifacts: "0".repeat(64) }, "changed after it was verified"],
    ["with a record of another format", { artifacts: "none" }, "has a verified.json that cannot be read"],
  ])("a build %s, unless allowed, which the SBOM records", async ([, record, why], { folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    await (record === undefined ? rm(join(dist, "verified.json")) : passVerify(dist, record));
    const result = await refused(folder, [dist]);
    expect(result).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`${dist} ${why}.`) });
    expect(result.stderr).toContain("kovn-build verify, or publish it anyway with --allow-unverified");
    const args = ["publish", dist, "--to", "dir=out", "--allow-unverified", "--json"];
    const { stdout } = await kovnBuild(folder, args);
    expect(JSON.parse(stdout)).toMatchObject({ allowed: ["unverified"] });
    const names = await readdir(join(folder, "out"));
    const sbom = await readFile(join(folder, "out", names.find((name) => name.startsWith("sbom")) ?? ""), "utf8");
    expect(sbom).toContain("kovn:allowed-unverified");
  });

  test("a bundle of a build that was not verified; the record of one that was is in it", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    await kovnBuild(folder, ["publish", dist, "--to", "tar=good.tar"]);
    await rm(join(dist, "verified.json"));
    await kovnBuild(folder, ["publish", dist, "--to", "tar=bad.tar", "--allow-unverified"]);
    expect(await kovnBuild(folder, ["publish", "good.tar", "--to", "dir=out"])).toMatchObject({ exitCode: 0 });
    expect(await kovnBuild(folder, ["publish", "bad.tar", "--to", "dir=bad"])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("was not verified"),
    });
  });

  test("a folder without artifacts, an unknown destination, --keep without an apt repository", async ({ folder }) => {
    await mkdir(join(folder, "empty"));
    const dist = await makeDist(join(folder, "dist"));
    expect(await refused(folder, ["empty"])).toMatchObject({ exitCode: 2 });
    expect(await refused(folder, ["absent"])).toMatchObject({ exitCode: 2 });
    const unknown = await refused(folder, [dist], ["--to", "ftp=x"]);
    expect(unknown).toMatchObject({ exitCode: 2 });
    expect(unknown.stderr).toContain("apt=DIR | dir=DIR | tar=FILE");
    expect(await refused(folder, [dist], ["--keep", "2"])).toMatchObject({ exitCode: 2 });
    expect(await kovnBuild(folder, ["publish", dist])).toMatchObject({ exitCode: 2 });
  });
});

interface Member {
  readonly path: string;
  readonly content?: string;
  readonly type?: "File" | "SymbolicLink" | "Link" | "CharacterDevice";
  readonly linkpath?: string;
}

/** Writes an archive whose index declares the given files, whatever its members are. */
async function writeArchive(
  file: string,
  declared: readonly { path: string; size: number; content: string }[],
  members: readonly Member[],
) {
  const files = declared.map(({ path, size, content }) => ({ path, size, sha256: sha256(content) }));
  const pack = new Pack({ portable: true });
  const written = pipeline(Readable.from(pack), createWriteStream(file));
  for (const { path, content = "", type = "File", ...rest } of [
    { path: "bundle.json", content: JSON.stringify({ schema: 1, files }) },
    ...members,
  ]) {
    const member = new ReadEntry(new Header({ path, size: content.length, mode: 0o644, type, mtime: new Date(0), ...rest }));
    pack.add(member);
    member.end(Buffer.from(content));
  }
  pack.end();
  await written;
}

describe("a bundle", () => {
  test("publishes the same bytes elsewhere as the builds, and is the same bytes each time", async ({ folder }) => {
    const amd64 = await makeDist(join(folder, "a"), { others: ["deep.msi"] });
    const arm64 = await makeDist(join(folder, "b"), { arch: "arm64" });
    await kovnBuild(folder, ["publish", amd64, arm64, "--to", "tar=one.tar", "--to", "dir=here"]);
    await mkdir(join(folder, "there"));
    await cp(join(folder, "one.tar"), join(folder, "there/one.tar"));
    const result = await kovnBuild(join(folder, "there"), ["publish", "one.tar", "--to", "dir=out", "--to", "tar=two.tar"]);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(await contentOf(join(folder, "there/out"))).toEqual(await contentOf(join(folder, "here")));
    expect(await readFile(join(folder, "there/two.tar"))).toEqual(await readFile(join(folder, "one.tar")));
    expect(await readdir(join(folder, "there/.kovn/tmp"))).toEqual([]);
    expect((await run(folder, ["tar", "-tf", "one.tar"])).stdout.split("\n")).toContain(
      "linux-debian-12-arm64-default/artifacts.json",
    );
  });

  test("is never overwritten by a different one", async ({ folder }) => {
    const one = await makeDist(join(folder, "a"));
    const two = await makeDist(join(folder, "b"), { revision: 2 });
    await kovnBuild(folder, ["publish", one, "--to", "tar=b.tar"]);
    const before = await contentOf(folder);
    const again = await kovnBuild(folder, ["publish", one, "--to", "tar=b.tar"]);
    expect(again.stdout).toBe("tar=b.tar: nothing to do, everything is already published");
    const other = await kovnBuild(folder, ["publish", two, "--to", "tar=b.tar"]);
    expect(other).toMatchObject({ exitCode: 1 });
    expect(other.stderr).toContain("b.tar exists and is a different bundle, or a damaged one.");
    expect(await contentOf(folder)).toEqual(before);
  });

  const inside = { path: "linux/a.txt", size: 4, content: "good" };
  const bad = {
    "with a path outside": [
      [{ ...inside, path: "../a.txt" }],
      [{ path: "../a.txt", content: "good" }],
      2,
      "a path inside the folder",
    ],
    "with an absolute path": [
      [{ ...inside, path: "/tmp/a.txt" }],
      [{ path: "/tmp/a.txt", content: "good" }],
      2,
      "a relative path",
    ],
    "with a symbolic link": [
      [inside],
      [{ path: "linux/a.txt", type: "SymbolicLink", linkpath: "/etc/passwd" }],
      2,
      "is not a plain file",
    ],
    "with a hard link": [[inside], [{ path: "linux/a.txt", type: "Link", linkpath: "bundle.json" }], 2, "is not a plain file"],
    "with a device": [[inside], [{ path: "linux/a.txt", type: "CharacterDevice" }], 2, "is not a plain file"],
    "with more bytes than it declares": [
      [inside],
      [{ path: "linux/a.txt", content: "good and more" }],
      2,
      "has 13 bytes, bundle.json says 4.",
    ],
    "with other bytes than it declares": [[inside], [{ path: "linux/a.txt", content: "evil" }], 1, "has other bytes"],
    "with a file that it does not declare": [[], [{ path: "linux/a.txt", content: "good" }], 2, "does not name linux/a.txt"],
    "with a file twice": [[inside], [inside, inside], 2, "occurs twice"],
    "without a declared file": [[inside], [], 2, "members are missing: linux/a.txt"],
    "that declares a file in a file": [[inside, { ...inside, path: "linux" }], [], 2, "is a folder of another"],
  } as const;
  for (const [what, [declared, members, exitCode, message]] of Object.entries(bad))
    test(`${what} is refused, and leaves nothing behind`, async ({ folder }) => {
      await writeArchive(join(folder, "b.tar"), declared, members);
      const result = await kovnBuild(folder, ["publish", "b.tar", "--to", "dir=out"]);
      expect(result).toMatchObject({ exitCode });
      expect(result.stderr).toContain(message);
      expect(await readdir(folder)).toEqual([".kovn", "b.tar"]);
      expect(await readdir(join(folder, ".kovn/tmp"))).toEqual([]);
    });

  test("that is not an archive, is cut short, or was made by another program is refused", async ({ folder }) => {
    const dist = await makeDist(join(folder, "a"));
    await kovnBuild(folder, ["publish", dist, "--to", "tar=good.tar"]);
    await writeFile(join(folder, "text.tar"), "no archive\n".repeat(100));
    await writeFile(join(folder, "short.tar"), (await readFile(join(folder, "good.tar"))).subarray(0, 6000));
    await run(folder, ["tar", "-cf", "other.tar", "-C", dist, "."]);
    for (const name of ["text.tar", "short.tar", "other.tar"])
      expect(await kovnBuild(folder, ["publish", name, "--to", "dir=out"]), name).toMatchObject({ exitCode: 2 });
    expect(await readdir(folder)).not.toContain("out");
  });
});
