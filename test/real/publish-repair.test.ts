import { cp, mkdir, readFile, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect } from "vitest";
import { cli, kovnBuild, run } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { makeDist } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";
import { canMount } from "../helpers/isolate.ts";
import { makeApt, makeKey, offered, publishRevisions as publish, serve } from "./repository.ts";

const version = (revision: number) => `1.2.3-1+kovn${revision}.0000000${revision}`;
const deb = (revision: number, name = "demo", architecture = "amd64") =>
  `pool/bookworm/1.0/${name}_${version(revision)}_${architecture}.deb`;
const index = "dists/bookworm/1.0/binary-amd64";

async function yank(folder: string, versions: readonly string[], options: readonly string[] = [], env = {}) {
  return kovnBuild(folder, ["release", "yank", ...versions, "--to", "apt=repo", ...options], env);
}

const damages: Readonly<Record<string, readonly [(path: string) => Promise<unknown>, says: string]>> = {
  "is missing": [(path) => rm(path), "is missing."],
  "is empty": [(path) => writeFile(path, ""), "has 0 bytes instead of "],
  "has other bytes": [async (path) => writeFile(path, (await readFile(path)).fill(7, 80, 90)), "has other bytes."],
};

describe("a package in the pool that", () => {
  for (const [what, [damage, says]] of Object.entries(damages))
    test(`${what} is repaired by publishing it again, and else refused; --keep never leaves only a bad one`, async ({
      folder,
    }) => {
      await publish(folder, [1, 2]);
      const before = await contentOf(join(folder, "repo"));
      await damage(join(folder, "repo", deb(2)));
      const damaged = await contentOf(join(folder, "repo"));
      for (const [revision, keep] of [
        [1, []],
        [3, []],
        [1, ["--keep", "1"]],
        [3, ["--keep", "2"]],
      ] as const) {
        const refused = await publish(folder, [revision], ["--to", "dir=other", ...keep]);
        expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
        expect(refused.stderr).toContain(`repo/${deb(2)}, which the index names, ${says}`);
        expect(refused.stderr).toContain(
          `-> publish its build again, which repairs it; or take it out: kovn-build release yank ${version(2)} --to apt=repo`,
        );
        expect(await contentOf(join(folder, "repo"))).toEqual(damaged);
        expect(await readdir(folder)).not.toContain("other");
      }
      const repaired = await publish(folder, [2]);
      expect(repaired.stdout).toBe(`apt=repo: 1 repaired\n  repaired  ${deb(2)}`);
      expect(await contentOf(join(folder, "repo"))).toEqual(before);
      expect((await publish(folder, [2])).stdout).toContain("nothing to do");
      await damage(join(folder, "repo", deb(2)));
      expect((await publish(folder, [2], ["--keep", "1"])).stdout).toContain("1 repaired, 2 removed");
      expect(await offered(folder)).toEqual([2]);
    });

  test("is a folder now is refused, since no rename replaces it", async ({ folder }) => {
    await publish(folder, [1]);
    await rm(join(folder, "repo", deb(1)));
    await mkdir(join(folder, "repo", deb(1)));
    const result = await publish(folder, [1]);
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toContain(`repo/${deb(1)}, which the index names, is not a file: remove it.`);
    expect(await yank(folder, [version(1)])).toMatchObject({ exitCode: 0 });
  });

  test("is damaged does not stop a publish that drops it", async ({ folder }) => {
    await publish(folder, [1]);
    await rm(join(folder, "repo", deb(1)));
    expect(await publish(folder, [2], ["--keep", "1"])).toMatchObject({ exitCode: 0 });
    expect(await offered(folder)).toEqual([2]);
  });
});

test("indices that are missing or altered are repaired, and apt reads them again", async ({ folder }) => {
  await using key = await makeKey();
  const sign = ["--sign", key.id];
  await publish(folder, [1], sign, key.env);
  await using server = await serve(join(folder, "repo"));
  const apt = await makeApt(join(folder, "apt"), `deb [signed-by=${key.ring}] ${server.url} bookworm 1.0`);
  const before = await contentOf(join(folder, "repo"));
  const hashed = join(index, "by-hash/SHA256");
  for (const name of await readdir(join(folder, "repo", hashed))) await rm(join(folder, "repo", hashed, name));
  await writeFile(join(folder, "repo", index, "Packages.xz"), "x");
  expect((await apt("update")).exitCode).not.toBe(0);
  const result = await publish(folder, [1], sign, key.env);
  expect(result.stdout).toContain(`repaired  ${index}/Packages.xz`);
  expect(await contentOf(join(folder, "repo"))).toEqual(before);
  expect(await apt("update")).toMatchObject({ exitCode: 0 });
  await rm(join(folder, "repo", index), { recursive: true });
  const refused = await publish(folder, [1], sign, key.env);
  expect(refused).toMatchObject({ exitCode: 1 });
  expect(refused.stderr).toContain("every copy of it is missing or damaged.\n  -> kovn-build publish --repair apt=repo");
});

test("an InRelease that lost its content does not make the pool empty", async ({ folder }) => {
  await using key = await makeKey();
  await publish(folder, [1, 2], ["--sign", key.id], key.env);
  await writeFile(join(folder, "repo/dists/bookworm/InRelease"), "");
  const before = await contentOf(join(folder, "repo"));
  const result = await publish(folder, [3], ["--sign", key.id], key.env);
  expect(result).toMatchObject({ exitCode: 1 });
  expect(result.stderr).toContain("InRelease is damaged: it has no whole signature.\n  -> kovn-build publish --repair apt=repo");
  expect(await contentOf(join(folder, "repo"))).toEqual(before);
});

test("a repository that is not signed is reported each time, and no key vouches for it; a signed one is not", async ({
  folder,
}) => {
  await using key = await makeKey();
  for (const _ of [1, 2]) expect((await publish(folder, [1])).stderr).toContain("notice: repo is not signed: apt refuses it");
  const before = await contentOf(join(folder, "repo"));
  const refused = await publish(folder, [2], ["--sign", key.id], key.env);
  expect(refused).toMatchObject({ exitCode: 1 });
  expect(refused.stderr).toContain("Suite bookworm of repo is not signed: nothing vouches for what it has.");
  expect(await contentOf(join(folder, "repo"))).toEqual(before);
  await rm(join(folder, "repo"), { recursive: true });
  expect((await publish(folder, [1], ["--sign", key.id], key.env)).stderr).not.toContain("not signed");
});

test("missing programs are reported before any destination is touched", async ({ folder }) => {
  const dist = await makeDist(join(folder, "dist"));
  await mkdir(join(folder, "bin"));
  const args = ["publish", dist, "--to", "dir=out", "--to", "apt=repo"];
  for (const hint of ["xz-utils", "dpkg util-linux"]) {
    const result = await kovnBuild(folder, args, { PATH: join(folder, "bin") });
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toContain(`-> apt-get install ${hint}`);
    if (hint === "xz-utils") await symlink("/usr/bin/xz", join(folder, "bin/xz"));
  }
  expect((await readdir(folder)).toSorted()).toEqual(["bin", "dist"]);
});

test.skipIf(!canMount)("a pool on another file system is filled and read as any other (needs root)", async ({ folder }) => {
  await publish(folder, [1]);
  await mkdir(join(folder, "big"));
  const dist = await makeDist(join(folder, "dist-2"), { revision: 2 });
  const script = `mount -t tmpfs none big && cp -r repo/pool big/ && rm -r repo/pool && ln -s ../big/pool repo/pool
"$@" && cp -r big big.after`;
  const args = [process.execPath, cli, "publish", dist, "--to", "apt=repo", "--keep", "1"];
  expect(await run(folder, ["unshare", "--mount", "sh", "-ec", script, "sh", ...args])).toMatchObject({ exitCode: 0 });
  const pool = await readdir(join(folder, "big.after/pool/bookworm/1.0"));
  expect(pool.toSorted()).toEqual(
    [1, 2].flatMap((revision) => [deb(revision, "demo-data", "all"), deb(revision)].map((path) => basename(path))).toSorted(),
  );
  expect(await offered(folder)).toEqual([2]);
});

describe("release yank", () => {
  test("takes a version out, for apt too; a second run does nothing, and it never comes back", async ({ folder }) => {
    await using key = await makeKey();
    const sign = ["--sign", key.id];
    await publish(folder, [1, 2], sign, key.env);
    await using server = await serve(join(folder, "repo"));
    const apt = await makeApt(join(folder, "apt"), `deb [signed-by=${key.ring}] ${server.url} bookworm 1.0`);
    const downloaded = async () => {
      expect(await apt("update")).toMatchObject({ exitCode: 0 });
      expect(await apt("download", "demo", "demo-data")).toMatchObject({ exitCode: 0 });
      const debs = (await readdir(join(folder, "apt"))).filter((name) => name.endsWith(".deb"));
      for (const name of debs) await rm(join(folder, "apt", name));
      return debs.toSorted();
    };
    expect(await downloaded()).toEqual([deb(2, "demo-data", "all"), deb(2)].map((path) => basename(path)));
    const result = await yank(folder, [version(2)], sign, key.env);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr).not.toContain("notice");
    expect(result.stdout).toBe(`apt=repo: 2 removed\n  removed   ${deb(2, "demo-data", "all")}\n  removed   ${deb(2)}`);
    // apt asks for what changed since the second of the last state, which may be this one.
    const later = new Date(Date.now() + 5000);
    await utimes(join(folder, "repo/dists/bookworm/InRelease"), later, later);
    expect(await downloaded()).toEqual([deb(1, "demo-data", "all"), deb(1)].map((path) => basename(path)));
    const after = await contentOf(join(folder, "repo"));
    expect((await yank(folder, [version(2)], sign, key.env)).stdout).toBe("apt=repo: nothing to do, no longer offered");
    expect(await contentOf(join(folder, "repo"))).toEqual(after);
    const back = await publish(folder, [2], sign, key.env);
    expect(back).toMatchObject({ exitCode: 1 });
    expect(back.stderr).toContain(`demo-data ${version(2)} (all) was taken out of repo, and does not come back.`);
    expect(await publish(folder, [3], sign, key.env)).toMatchObject({ exitCode: 0 });
    expect(await publish(folder, [2], sign, key.env)).toMatchObject({ exitCode: 1 });
  });

  test("brings back what --keep dropped for it", async ({ folder }) => {
    await publish(folder, [1, 2], ["--keep", "1"]);
    const result = await yank(folder, [version(2)]);
    expect(result.stdout).toContain(`added     ${deb(1)}`);
    expect(await offered(folder)).toEqual([1]);
    expect((await yank(folder, [version(2)])).stdout).toContain("nothing to do");
    expect(await offered(folder)).toEqual([1]);
  });

  test("says that a package has no version left, and takes a damaged one out as well", async ({ folder }) => {
    await publish(folder, [1]);
    await rm(join(folder, "repo", deb(1)));
    const result = await yank(folder, [version(1)]);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stderr).toContain("notice: Suite bookworm has no version of demo (amd64) left");
    expect(await offered(folder)).toEqual([]);
    expect(await publish(folder, [2])).toMatchObject({ exitCode: 0 });
    expect(await offered(folder)).toEqual([2]);
  });

  test("refuses a version that is not there, and a destination that it cannot change; nothing is touched", async ({ folder }) => {
    await using key = await makeKey();
    await publish(folder, [1, 2], ["--sign", key.id], key.env);
    const before = await contentOf(join(folder, "repo"));
    const unknown = await yank(folder, [version(2), "1.0.1"], ["--sign", key.id], key.env);
    expect(unknown).toMatchObject({ exitCode: 2 });
    expect(unknown.stderr).toContain(`repo has no package of version 1.0.1. Available: ${version(2)}, ${version(1)}.`);
    expect(await yank(folder, [version(2)])).toMatchObject({ exitCode: 2 });
    for (const place of ["github=o/r", "tar=b.tar"]) {
      const manual = await yank(folder, [version(2)], ["--to", place, "--sign", key.id], key.env);
      expect(manual).toMatchObject({ exitCode: 2 });
      expect(manual.stderr).toContain(`\`${place}\` can only be taken out by hand.`);
    }
    expect(await contentOf(join(folder, "repo"))).toEqual(before);
  });

  test("removes a folder that has the version, and no other", async ({ folder }) => {
    const dist = await makeDist(join(folder, "dist"));
    for (const name of ["out", "damaged", "mine"]) await kovnBuild(folder, ["publish", dist, "--to", `dir=${name}`]);
    await rm(join(folder, "damaged/SHA256SUMS"));
    await writeFile(join(folder, "mine/notes.txt"), "mine\n");
    const take = (name: string, wanted = version(1)) => kovnBuild(folder, ["release", "yank", wanted, "--to", `dir=${name}`]);
    expect((await take("mine")).stderr).toContain("Folder mine holds something else: notes.txt.");
    expect((await take("dist")).stderr).toContain("dist is not a folder that kovn-build published.");
    expect((await take("out", version(9))).stderr).toContain(
      `out has no package of version ${version(9)}. Available: ${version(1)}.`,
    );
    for (const name of ["out", "damaged"]) {
      expect(await take(name)).toMatchObject({ exitCode: 0 });
      const again = await take(name);
      expect(again).toMatchObject({ exitCode: 0, stdout: `dir=${name}: nothing to do, no longer offered` });
      expect(again.stderr).toContain(`notice: Folder ${name} does not exist or is empty.`);
    }
    expect((await readdir(folder)).toSorted()).toEqual(["dist", "mine"]);
  });

  test("killed at any rename has happened or not, and the next run finishes it", async ({ folder }) => {
    await using key = await makeKey();
    const sign = ["--sign", key.id];
    await publish(folder, [1, 2], [...sign, "--keep", "1"], key.env);
    await cp(join(folder, "repo"), join(folder, "base"), { recursive: true });
    const before = await readFile(join(folder, "repo/dists/bookworm/InRelease"), "utf8");
    let killed = 0;
    for (let position = 1; ; position++) {
      await rm(join(folder, "repo"), { recursive: true });
      await cp(join(folder, "base"), join(folder, "repo"), { recursive: true });
      const inject = ["-e", "trace=rename", "-e", `inject=rename:signal=KILL:when=${position}`, "-o", "/dev/null"];
      const strace = ["strace", "-f", "--seccomp-bpf", "-qq", "-b", "execve", ...inject];
      const args = [process.execPath, cli, "release", "yank", version(2), "--to", "apt=repo", ...sign];
      const result = await run(folder, [...strace, ...args], { ...key.env, UV_THREADPOOL_SIZE: "1" });
      if (result.exitCode === 0) break;
      killed++;
      await cp(join(folder, "repo"), join(folder, `killed-${position}`), { recursive: true });
      expect(await yank(folder, [version(2)], sign, key.env), `rename ${position}`).toMatchObject({ exitCode: 0 });
      expect(await offered(folder), `rename ${position}`).toEqual([1]);
      await rm(join(folder, "repo"), { recursive: true });
      await cp(join(folder, `killed-${position}`), join(folder, "repo"), { recursive: true });
      const isDone = (await readFile(join(folder, "repo/dists/bookworm/InRelease"), "utf8")) !== before;
      expect(await publish(folder, [3], sign, key.env), `rename ${position}`).toMatchObject({ exitCode: 0 });
      expect(await offered(folder), `rename ${position}`).toEqual([isDone ? 1 : 2, 3]);
    }
    expect(killed).toBeGreaterThan(4);
  });
});
