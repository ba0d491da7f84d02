import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { makeDist, type SmallBuild, passVerify } from "../helpers/dist.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { makeApt, makeKey, serve } from "./repository.ts";

const packages = "dists/bookworm/1.0/binary-amd64/Packages";

/** Publishes small builds to the apt repository `repo` in a folder. */
async function publish(folder: string, builds: readonly SmallBuild[], options: readonly string[] = [], env = {}) {
  const dists: string[] = [];
  for (const build of builds) {
    const out = join(folder, `dist-${JSON.stringify(build).replaceAll(/\W+/g, "-")}`);
    dists.push(await makeDist(out, build));
  }
  return kovnBuild(folder, ["publish", ...dists, "--to", "apt=repo", ...options], env);
}

/** The content of the repository without signatures and dates. */
async function stableContent(folder: string) {
  const content = Object.entries(await contentOf(folder)).filter(([path]) => !/InRelease$|Release\.gpg$/.test(path));
  return content.map(([path, text]) => [path, path.endsWith("/Release") ? text.replace(/^Date: .*\n/m, "") : text]);
}

describe("an apt repository", () => {
  test("is read by apt, which checks its signature; a repeated publish changes nothing", async ({ folder }) => {
    await using key = await makeKey();
    expect(await publish(folder, [{}], ["--sign", key.id], key.env)).toMatchObject({ exitCode: 0 });
    await using server = await serve(join(folder, "repo"));
    const apt = await makeApt(join(folder, "apt"), `deb [signed-by=${key.ring}] ${server.url} bookworm 1.0`);
    expect(await apt("update")).toMatchObject({ exitCode: 0 });
    expect(await apt("download", "demo", "demo-data")).toMatchObject({ exitCode: 0 });
    const before = await contentOf(join(folder, "repo"));
    const again = await publish(folder, [{}], ["--sign", key.id], key.env);
    expect(again).toMatchObject({ exitCode: 0, stdout: "apt=repo: nothing to do, everything is already published" });
    expect(await contentOf(join(folder, "repo"))).toEqual(before);
  });

  test("signed with another key than the reader's is refused by apt", async ({ folder }) => {
    await using key = await makeKey();
    await using other = await makeKey();
    await publish(folder, [{}], ["--sign", key.id], key.env);
    await using server = await serve(join(folder, "repo"));
    const apt = await makeApt(join(folder, "apt"), `deb [signed-by=${other.ring}] ${server.url} bookworm 1.0`);
    expect((await apt("update")).exitCode).not.toBe(0);
  });

  test("serves clients of several distributions and architectures from one publish; each suite changes on its own", async ({
    folder,
  }) => {
    await using key = await makeKey();
    const sign = ["--sign", key.id];
    const all = [{ distribution: "debian 12" }, { distribution: "debian 12", arch: "arm64" }, { distribution: "debian 13" }];
    expect(await publish(folder, all, sign, key.env)).toMatchObject({ exitCode: 0 });
    const before = await contentOf(join(folder, "repo"));
    expect(await publish(folder, all, sign, key.env)).toMatchObject({
      stdout: expect.stringContaining("nothing to do") as unknown,
    });
    expect(await contentOf(join(folder, "repo"))).toEqual(before);
    await using server = await serve(join(folder, "repo"));
    const downloads = async (codename: string, ...names: readonly string[]) => {
      const apt = await makeApt(join(folder, codename), `deb [signed-by=${key.ring}] ${server.url} ${codename} 1.0`);
      const both = ["-o", "APT::Architectures::=arm64"];
      expect(await apt(...both, "update")).toMatchObject({ exitCode: 0 });
      expect(await apt(...both, "download", ...names)).toMatchObject({ exitCode: 0 });
      return (await readdir(join(folder, codename))).filter((name) => name.endsWith(".deb")).toSorted();
    };
    expect(await downloads("bookworm", "demo", "demo:arm64", "demo-data")).toEqual([
      "demo-data_1.2.3-1+kovn1.00000001.deb12_all.deb",
      "demo_1.2.3-1+kovn1.00000001.deb12_amd64.deb",
      "demo_1.2.3-1+kovn1.00000001.deb12_arm64.deb",
    ]);
    expect(await downloads("trixie", "demo", "demo-data")).toEqual([
      "demo-data_1.2.3-1+kovn1.00000001.deb13_all.deb",
      "demo_1.2.3-1+kovn1.00000001.deb13_amd64.deb",
    ]);
    const yank = ["release", "yank", "1.2.3-1+kovn1.00000001.deb13", "--to", "apt=repo", ...sign];
    expect(await kovnBuild(folder, yank, key.env)).toMatchObject({ exitCode: 0 });
    const { "dists/trixie/1.0/binary-amd64/Packages": left, ...after } = await contentOf(join(folder, "repo"));
    expect(left).toBe("");
    const bookworm = Object.entries(before).filter(([path]) => path.includes("/bookworm/"));
    expect(after).toMatchObject(Object.fromEntries(bookworm));
    await rm(join(folder, "repo/dists/bookworm/InRelease"));
    expect(await kovnBuild(folder, ["publish", "--repair", "apt=repo", ...sign], key.env)).toMatchObject({
      stdout: "apt=repo: 2 repaired\n  repaired  dists/bookworm/InRelease\n  repaired  dists/bookworm/Release.gpg",
    });
  });

  test("has a component for each line and variant, an index for each architecture; publish lists what it left out", async ({
    folder,
  }) => {
    const builds = [{}, { arch: "arm64" }, { variant: "legacy", revision: 2 }, { target: "windows", others: ["ovs.msi"] }];
    const [linux, arm64, legacy, windows] = builds;
    const result = await publish(folder, [linux ?? {}, arm64 ?? {}, windows ?? {}]);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toContain("left out  ovs.msi: not a Debian package");
    expect(result.stdout).toContain(
      "left out  demo-data_1.2.3-1+kovn1.00000001_all.deb: packages for all architectures come from amd64",
    );
    for (const one of [legacy ?? {}, { line: "1.1" }]) expect(await publish(folder, [one])).toMatchObject({ exitCode: 0 });
    const content = await contentOf(join(folder, "repo"));
    expect(content["dists/bookworm/Release"]).toMatch(/^Architectures: amd64 arm64$/m);
    expect(content["dists/bookworm/Release"]).toMatch(/^Components: 1\.0 1\.0_legacy 1\.1$/m);
    const names = (path: string) => [...(content[path] ?? "").matchAll(/^Filename: (.*)$/gm)].map((match) => match[1]);
    expect(names("dists/bookworm/1.0/binary-arm64/Packages")).toEqual([
      "pool/bookworm/1.0/demo-data_1.2.3-1+kovn1.00000001_all.deb",
      "pool/bookworm/1.0/demo_1.2.3-1+kovn1.00000001_arm64.deb",
    ]);
    expect(names("dists/bookworm/1.0_legacy/binary-amd64/Packages")).toHaveLength(2);
    expect(names("dists/bookworm/1.1/binary-amd64/Packages")).toHaveLength(2);
  });

  test("offers a new revision beside the previous ones, at most as many as --keep says", async ({ folder }) => {
    await publish(folder, [{ revision: 1 }]);
    await publish(folder, [{ revision: 9 }]);
    const versions = async () =>
      [...(await readFile(join(folder, "repo", packages), "utf8")).matchAll(/^Package: demo\n(?:.+\n)*?Version: (.*)$/gm)].map(
        (match) => match[1],
      );
    expect(await versions()).toEqual(["1.2.3-1+kovn1.00000001", "1.2.3-1+kovn9.00000009"]);
    const third = await publish(folder, [{ revision: 10 }], ["--keep", "2"]);
    expect(third.stdout).toContain("removed   pool/bookworm/1.0/demo_1.2.3-1+kovn1.00000001_amd64.deb");
    expect(await versions()).toEqual(["1.2.3-1+kovn10.000000010", "1.2.3-1+kovn9.00000009"]);
    const pool = () => readdir(join(folder, "repo/pool/bookworm/1.0"));
    // Files of the previous state are removed one publish later.
    expect(await pool()).toHaveLength(6);
    await publish(folder, [{ revision: 11 }], ["--keep", "2"]);
    expect(await pool()).toHaveLength(6);
    for (const revision of [1, 2]) await publish(folder, [{ line: "1.1", revision }]);
    await publish(folder, [{ revision: 11 }], ["--keep", "1"]);
    // Another line of the same suite has its own --keep.
    expect(await readdir(join(folder, "repo/pool/bookworm/1.1"))).toHaveLength(4);
    expect(await readFile(join(folder, "repo/dists/bookworm/1.1/binary-amd64/Packages"), "utf8")).toMatch(/kovn1[^]*kovn2/);
    expect((await pool()).toSorted()).toEqual(
      [10, 11]
        .flatMap((revision) => [
          `demo-data_1.2.3-1+kovn${revision}.0000000${revision}_all.deb`,
          `demo_1.2.3-1+kovn${revision}.0000000${revision}_amd64.deb`,
        ])
        .toSorted(),
    );
  });

  test("refuses a version that it has with different bytes, also one that --keep just dropped", async ({ folder }) => {
    await publish(folder, [{}]);
    const before = await contentOf(join(folder, "repo"));
    const result = await publish(folder, [{ content: "other" }]);
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toContain("repo has demo-data 1.2.3-1+kovn1.00000001 (all) with different bytes: sha256 ");
    expect(await contentOf(join(folder, "repo"))).toEqual(before);
    await publish(folder, [{ revision: 2 }], ["--keep", "1"]);
    expect(await publish(folder, [{ content: "other" }])).toMatchObject({ exitCode: 1 });
  });

  test("refuses a package that is not the one artifacts.json names", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    const manifest = await readFile(join(dist, "artifacts.json"), "utf8");
    await writeFile(join(dist, "artifacts.json"), manifest.replaceAll('"version": "1.2.3-1+kovn1', '"version": "1.2.3-1+kovn7'));
    await passVerify(dist);
    const result = await kovnBuild(folder, ["publish", dist, "--to", "apt=repo"]);
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toContain("is not the package that artifacts.json names: demo-data 1.2.3-1+kovn7");
    expect((await readdir(folder)).filter((name) => !["dist", ".kovn"].includes(name))).toEqual([]);
  });

  test("from a bundle on another machine has the same bytes, apart from date and signature", async ({ folder }) => {
    await using key = await makeKey();
    const sign = ["--sign", key.id];
    const result = await publish(
      folder,
      [{}, { arch: "arm64", distribution: "debian 13" }],
      ["--to", "tar=b.tar", ...sign],
      key.env,
    );
    expect(result).toMatchObject({ exitCode: 0 });
    await execa("gpg", ["--verify", "b.tar.asc", "b.tar"], { cwd: folder, env: key.env });
    await mkdir(join(folder, "there"));
    await cp(join(folder, "b.tar"), join(folder, "there/b.tar"));
    await kovnBuild(join(folder, "there"), ["publish", "b.tar", "--to", "apt=repo", ...sign], key.env);
    expect(await stableContent(join(folder, "there/repo"))).toEqual(await stableContent(join(folder, "repo")));
  });
});

describe("a publish that cannot succeed", () => {
  test("with a key that gpg does not have names it, and writes nothing", async ({ folder }) => {
    await using key = await makeKey();
    const result = await publish(folder, [{}], ["--to", "dir=out", "--sign", "nobody@example.com"], key.env);
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toContain("gpg has no secret key named `nobody@example.com`.");
    expect((await readdir(folder)).filter((name) => !name.startsWith("dist"))).toEqual([]);
  });

  test("to a signed repository without a key is refused, and the repository is unchanged", async ({ folder }) => {
    await using key = await makeKey();
    await publish(folder, [{}], ["--sign", key.id], key.env);
    const before = await contentOf(join(folder, "repo"));
    const result = await publish(folder, [{ revision: 2 }]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain("--sign KEY");
    expect(await contentOf(join(folder, "repo"))).toEqual(before);
  });

  test("without enough space says so, and changes no destination", async ({ folder }) => {
    await mkdir(join(folder, "small"));
    await execa("mount", ["-t", "tmpfs", "-o", "size=6m", "tmpfs", join(folder, "small")]);
    try {
      const dist = await makeDist(join(folder, "dist"));
      expect(await kovnBuild(folder, ["publish", dist, "--to", "apt=small/repo"])).toMatchObject({ exitCode: 0 });
      const before = await contentOf(join(folder, "small"));
      await writeFile(join(folder, "big.bin"), Buffer.alloc(3e6));
      await execa("cp", ["big.bin", "small/filler"], { cwd: folder });
      const next = await makeDist(join(folder, "next"), { revision: 2 });
      for (const place of ["apt=small/repo", "dir=small/out", "tar=small/b.tar"]) {
        await execa("dd", ["if=/dev/zero", "of=small/rest", "bs=4k"], { cwd: folder, reject: false });
        const result = await kovnBuild(folder, ["publish", next, "--to", place]);
        expect(result, place).toMatchObject({ exitCode: 1 });
        expect(result.stderr).toContain("Not enough space for small/");
        await rm(join(folder, "small/rest"));
      }
      await rm(join(folder, "small/filler"));
      expect(await contentOf(join(folder, "small"))).toEqual(before);
    } finally {
      await execa("umount", [join(folder, "small")]);
    }
  });
});

test("four publishes at once wait for each other, and each finds the repository complete", async ({ folder }) => {
  const builds = await Promise.all([1, 2, 3, 4].map((revision) => makeDist(join(folder, `dist-${revision}`), { revision })));
  const results = await Promise.all(builds.map((dist) => kovnBuild(folder, ["publish", dist, "--to", "apt=repo"])));
  for (const result of results) expect(result).toMatchObject({ exitCode: 0 });
  expect([...(await readFile(join(folder, "repo", packages), "utf8")).matchAll(/^Package: demo$/gm)]).toHaveLength(4);
});
