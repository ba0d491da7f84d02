import { copyFile, cp, mkdir, readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { fetchBase, isComplete, probeBase } from "../../../src/patches/mirror.ts";
import type { Base } from "../../../src/plan/base.ts";
import { git, tryGit } from "../../../src/sys/git.ts";
import { contentOf } from "../../helpers/content.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { commitAll, inGit, makeUpstream, pin, writeFiles } from "../../helpers/project.ts";

const gitBase = (url: string, commit = pin): Base => ({ kind: "git", url, commit });

describe("a mirror that somebody else changed", () => {
  const changes: readonly (readonly [string, (repository: string, folder: string) => Promise<unknown>])[] = [
    [
      "to name another commit as the pin",
      async (repository, folder) => {
        await inGit(repository, "fetch", "--quiet", join(folder, "evil"), "main");
        await inGit(repository, "update-ref", `refs/kovn/${pin}`, "FETCH_HEAD");
      },
    ],
    [
      "to have another content under the id of a file",
      async (repository, folder) => {
        const [from, to] = [join(folder, "evil"), join(repository, "objects/ce")];
        const id = await inGit(from, "rev-parse", "HEAD:greeting.txt");
        await mkdir(to, { recursive: true });
        await copyFile(
          join(from, ".git/objects", id.slice(0, 2), id.slice(2)),
          join(to, "013625030ba8dba906f756967f9e9ca394464a"),
        );
        await rm(join(repository, "objects/pack"), { recursive: true });
        for (const pack of await readdir(join(folder, "loose")))
          await cp(join(folder, "loose", pack), join(repository, "objects", pack), { recursive: true, force: false });
      },
    ],
    ["to run commands", async (repository) => inGit(repository, "config", "core.fsmonitor", "touch ran")],
    [
      "to be another repository",
      async (repository, folder) => writeFile(join(repository, "commondir"), join(folder, "evil/.git")),
    ],
    [
      "to have more objects",
      async (repository, folder) => writeFiles(repository, { "objects/info/alternates": join(folder, "evil/.git/objects\n") }),
    ],
    ["to read for ever", async (repository) => execa("mkfifo", [join(repository, "packed-refs")])],
    ["to hang", async (repository) => execa("mkfifo", [join(repository, "objects/pack/pack-1.idx")])],
  ];
  test.for(changes)("%s, is unchanged after the next fetch", async ([, change], { folder }) => {
    const options = { work: join(folder, "work"), host };
    await makeUpstream(join(folder, "upstream"));
    await inGit(folder, "clone", "--quiet", "upstream", "evil");
    await writeFile(join(folder, "evil/greeting.txt"), "evil\n");
    await commitAll(join(folder, "evil"), "Evil");
    await cp(join(folder, "upstream/.git/objects"), join(folder, "loose"), { recursive: true });
    const base = gitBase(join(folder, "upstream"));
    const { repository } = await fetchBase(base, options);
    const before = (await readdir(repository)).toSorted();
    await change(repository, folder);
    const fetched = await fetchBase(base, options);
    expect(fetched.commit).toBe(pin);
    expect((await readdir(repository)).toSorted()).toEqual(before);
    expect(await git(["show", `${pin}:greeting.txt`], { host, bare: repository })).toBe("hello");
    expect(await readFile(join(repository, "config"), "utf8")).not.toContain("fsmonitor");
    expect(await readdir(join(repository, "objects/info")).catch(() => [])).toEqual([]);
  });

  test("loses a link in it, not the files behind the link", async ({ folder }) => {
    const options = { work: join(folder, "work"), host };
    await makeUpstream(join(folder, "upstream"));
    const base = gitBase(join(folder, "upstream"));
    const { repository } = await fetchBase(base, options);
    await writeFiles(folder, { "home/Cargo.lock": "", "home/objects/pack/tmp_1": "" });
    await symlink(join(folder, "home"), join(repository, "refs/x"));
    await symlink(join(folder, "home"), join(repository, "objects/x"));
    await rm(join(repository, "refs/kovn"), { recursive: true });
    await fetchBase(base, options);
    await rm(repository, { recursive: true });
    await symlink(join(folder, "home"), repository);
    await fetchBase(base, options);
    expect(Object.keys(await contentOf(join(folder, "home")))).toEqual([
      "Cargo.lock",
      "objects",
      "objects/pack",
      "objects/pack/tmp_1",
    ]);
  });
});

describe("a git mirror", () => {
  test("is complete after the fetch, and then needs no upstream", async ({ folder }) => {
    const upstream = join(folder, "upstream");
    const options = { work: join(folder, "work"), host };
    await makeUpstream(upstream);
    const base = gitBase(upstream);
    expect(await isComplete(base, options.work)).toBe(false);
    const first = await fetchBase(base, options);
    await rename(upstream, join(folder, "away"));
    expect(await isComplete(base, options.work)).toBe(true);
    await probeBase(base, { ...options, refreshApt: false });
    expect(await fetchBase(base, options)).toEqual(first);
    expect(first.commit).toBe(pin);
  });

  test("holds the files of the pinned tree, but not those of its history", async ({ folder }) => {
    const upstream = join(folder, "upstream");
    await makeUpstream(upstream);
    const old = await inGit(upstream, "rev-parse", "HEAD:greeting.txt");
    await writeFile(join(upstream, "greeting.txt"), "hello again\n");
    const commit = await commitAll(upstream, "Second");
    await inGit(upstream, "config", "uploadpack.allowFilter", "true");
    const { repository } = await fetchBase(gitBase(upstream, commit), { work: join(folder, "work"), host });
    const options = { host, bare: repository };
    expect(await git(["show", `${commit}:greeting.txt`], options)).toBe("hello again");
    expect(await git(["rev-list", "--count", commit], options)).toBe("2");
    expect((await tryGit(["cat-file", "-e", old], options)).exitCode).not.toBe(0);
  });

  test("has the pinned commit, even if the branch moved on", async ({ folder }) => {
    const upstream = join(folder, "upstream");
    await makeUpstream(upstream);
    await writeFile(join(upstream, "greeting.txt"), "hello again\n");
    await commitAll(upstream, "Second");
    const { repository, commit } = await fetchBase(gitBase(upstream), { work: join(folder, "work"), host });
    expect(commit).toBe(pin);
    expect(await git(["show", `${commit}:greeting.txt`], { host, bare: repository })).toBe("hello");
  });

  test("also holds a second pin of the same repository", async ({ folder }) => {
    const upstream = join(folder, "upstream");
    const options = { work: join(folder, "work"), host };
    await makeUpstream(upstream);
    const first = await fetchBase(gitBase(upstream), options);
    await writeFile(join(upstream, "greeting.txt"), "hello again\n");
    const second = gitBase(upstream, await commitAll(upstream, "Second"));
    expect(await isComplete(second, options.work)).toBe(false);
    expect((await fetchBase(second, options)).repository).toBe(first.repository);
    expect(await isComplete(gitBase(upstream), options.work)).toBe(true);
  });

  test("is fetched from a clone without history", async ({ folder }) => {
    const upstream = join(folder, "upstream");
    await makeUpstream(upstream);
    await writeFile(join(upstream, "greeting.txt"), "hello again\n");
    const commit = await commitAll(upstream, "Second");
    await inGit(folder, "clone", "--quiet", "--depth=1", `file://${upstream}`, "shallow");
    const { repository } = await fetchBase(gitBase(join(folder, "shallow"), commit), { work: join(folder, "work"), host });
    expect(await git(["show", `${commit}:greeting.txt`], { host, bare: repository })).toBe("hello again");
  });

  test("is fetched from a clone with work trees", async ({ folder }) => {
    const upstream = join(folder, "upstream");
    await makeUpstream(upstream);
    await inGit(upstream, "worktree", "add", "--quiet", join(folder, "tree"));
    expect((await fetchBase(gitBase(join(folder, "tree")), { work: join(folder, "work"), host })).commit).toBe(pin);
  });

  test("without the commit is not complete, and what it already held stays", async ({ folder }) => {
    const upstream = join(folder, "upstream");
    const options = { work: join(folder, "work"), host };
    await makeUpstream(upstream);
    await fetchBase(gitBase(upstream), options);
    const before = await contentOf(options.work);
    const missing = gitBase(upstream, "1".repeat(40));
    await expect(fetchBase(missing, options)).rejects.toMatchObject({
      code: "network",
      message: expect.stringContaining("1".repeat(40)),
    });
    expect(await isComplete(missing, options.work)).toBe(false);
    expect(await contentOf(options.work)).toEqual(before);
  });

  test.skipIf(process.getuid?.() !== 0)("can be fetched by root from a clone of another user", async ({ folder }) => {
    const upstream = join(folder, "upstream");
    await makeUpstream(upstream);
    await inGit(folder, "clone", "--quiet", upstream, "theirs");
    await execa("chown", ["--recursive", "65534", join(folder, "theirs")]);
    const base = gitBase(join(folder, "theirs"));
    const options = { work: join(folder, "work"), host };
    await probeBase(base, { ...options, refreshApt: false });
    expect((await fetchBase(base, options)).commit).toBe(pin);
  });
});
