import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { fetchBase, isComplete, probeBase } from "../../../src/patches/mirror.ts";
import type { Base } from "../../../src/plan/base.ts";
import { git, tryGit } from "../../../src/sys/git.ts";
import { contentOf } from "../../helpers/content.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { commitAll, inGit, makeUpstream, pin } from "../../helpers/project.ts";

const gitBase = (url: string, commit = pin): Base => ({ kind: "git", url, commit });

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
    const options = { host, cwd: repository };
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
    expect(await git(["show", `${commit}:greeting.txt`], { host, cwd: repository })).toBe("hello");
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
    expect(await git(["show", `${commit}:greeting.txt`], { host, cwd: repository })).toBe("hello again");
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
