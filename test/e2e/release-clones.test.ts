import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { kovnBuild, run } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { commitAll, inGit, writeFiles } from "../helpers/project.ts";
import { asPerson, makeRepository, tag } from "../helpers/repository.ts";

const commands = [["next"], ["plan"], ["notes"], ["cut", "1.0.0"]];

/** Expects that every command about releases is refused, and that typing what it says lets it go on after 1.0.1. */
async function expectRefusedUntilHint(clone: string): Promise<void> {
  let hint = "";
  for (const args of commands) {
    const result = await asPerson(clone, "release", ...args);
    expect(result, args.join(" ")).toMatchObject({ exitCode: 2, stdout: "" });
    hint = /-> (git .*)/.exec(result.stderr)?.[1] ?? "";
  }
  expect(await run(clone, ["sh", "-c", hint])).toMatchObject({ exitCode: 0 });
  expect(await kovnBuild(clone, ["release", "next"])).toMatchObject({ exitCode: 0, stdout: "1.0.2" });
}

describe("a clone that lacks tags", () => {
  const clones = [
    ["a shallow one", ["--depth=1"]],
    ["a shallow one with the last tag", ["--depth=1", "--branch=v1.0.1"]],
    ["one without tags", ["--no-tags"]],
  ] as const;
  for (const [what, args] of clones)
    test(`is refused by every command about releases, with what to type: ${what}`, async ({ folder }) => {
      const project = await makeRepository(folder);
      await tag(project, "v1.0.0");
      await commitAll(await touch(project), "Second");
      await tag(project, "v1.0.1");
      await inGit(folder, "clone", "--quiet", ...args, `file://${project}`, "clone");
      await expectRefusedUntilHint(join(folder, "clone"));
    });

  test("is recognised by its changelog, which has versions without tags", async ({ folder }) => {
    const project = await makeRepository(folder);
    expect(await asPerson(project, "release", "cut", "1.0.0")).toMatchObject({ exitCode: 0 });
    expect(await asPerson(project, "release", "cut", "1.0.1")).toMatchObject({ exitCode: 0 });
    await inGit(folder, "clone", "--quiet", `file://${project}`, "clone");
    const clone = join(folder, "clone");
    await inGit(clone, "tag", "--delete", "v1.0.1");
    expect((await kovnBuild(clone, ["release", "next"])).stderr).toContain("has version 1.0.1, but");
    await inGit(clone, "fetch", "--tags", "--quiet");
    expect((await kovnBuild(clone, ["release", "next"])).stdout).toBe("1.0.2");
  });

  test("does not push a version when the remote has releases that are missing here", async ({ folder }) => {
    const project = await makeRepository(folder);
    const remote = join(folder, "remote.git");
    await inGit(folder, "init", "--quiet", "--bare", remote);
    await inGit(project, "remote", "add", "origin", remote);
    await tag(project, "v1.0.5", "v1.1.0");
    await inGit(project, "push", "--quiet", "--tags", "origin", "main");
    await inGit(project, "tag", "--delete", "v1.0.5", "v1.1.0");
    const refused = await asPerson(project, "release", "cut", "1.0.0", "--push");
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.stderr).toContain("origin has tags that are missing here: v1.0.5.");
    expect(await inGit(project, "tag", "--list")).toBe("");
  });
});

test("a remote that is not there is refused before anything is cut", async ({ folder }) => {
  const project = await makeRepository(folder);
  const refused = await asPerson(project, "release", "cut", "1.0.0", "--push");
  expect(refused).toMatchObject({ exitCode: 2 });
  expect(refused.stderr).toContain("There is no remote `origin` to push to.");
  expect(await inGit(project, "rev-list", "--count", "HEAD")).toBe("1");
});

test("a cut that was killed before it tagged goes on", async ({ folder }) => {
  const project = await makeRepository(folder);
  expect(await asPerson(project, "release", "cut", "1.0.0")).toMatchObject({ exitCode: 0 });
  await inGit(project, "tag", "--delete", "v1.0.0");
  expect(await asPerson(project, "release", "cut", "1.0.0")).toMatchObject({ exitCode: 0 });
  expect(await inGit(project, "rev-list", "--count", "HEAD")).toBe("2");
});

test("an unchanged line is released again with a notice, on stderr and in its changelog", async ({ folder }) => {
  const project = await makeRepository(folder);
  const first = await asPerson(project, "release", "cut", "1.0.0");
  expect(first.stderr).toBe("");
  await commitAll(await touch(project), "Second");
  const { exitCode, stderr } = await asPerson(project, "release", "cut", "1.0.1");
  expect(exitCode).toBe(0);
  expect(stderr).toContain("v1.0.1 releases the same as v1.0.0: patches/1.0 and pipelines have not changed.");
  expect(await readFile(join(project, "patches/1.0/CHANGELOG.md"), "utf8")).toContain("- Nothing changed since v1.0.0.\n");
});

describe("what to type when the work tree is not clean", () => {
  /** What makes the tree unclean, and how the hint differs from a `git stash`. */
  const trees = [
    ["new and changed files", "echo x > greeting; echo x >> .gitignore; git add greeting", undefined],
    ["a file that is to be added", "echo x > new; git add --intent-to-add new", undefined],
    ["a removed and a renamed file", "git mv CHANGELOG.md NEWS; rm pipelines/test.yaml", undefined],
    [
      "a repository in it",
      "git init -q deep/ovs; echo x > deep/file; touch deep/ovs/f",
      "move deep/ovs, a git repository, out of ",
    ],
    [
      "a merge with conflicts",
      "echo ours > f; git add f; git -c user.name=x -c user.email=x commit -qm f; git merge -q other",
      "finish the merge",
    ],
  ] as const;
  for (const [what, script, hint] of trees)
    test(`clears it: ${what}`, async ({ folder }) => {
      const project = await makeRepository(folder);
      await inGit(project, "switch", "--quiet", "--create", "other");
      await writeFiles(project, { f: "theirs\n" });
      await commitAll(project, "Theirs");
      await inGit(project, "switch", "--quiet", "main");
      const home = { HOME: join(folder, "home") };
      await run(project, ["sh", "-c", script], home);
      const { exitCode, stderr } = await asPerson(project, "release", "cut", "1.0.0");
      expect(exitCode).toBe(2);
      if (hint !== undefined) expect(stderr).toContain(`-> ${hint}`);
      if (what.startsWith("a repository")) await run(project, ["mv", "deep/ovs", "../ovs"]);
      const typed = /(git -C .*stash .*)/.exec(stderr)?.[1];
      expect(typed === undefined).toBe(what.startsWith("a merge"));
      if (typed === undefined) return;
      expect(await run(project, ["sh", "-c", typed], home)).toMatchObject({ exitCode: 0 });
      expect(await inGit(project, "status", "--porcelain")).toBe("");
    });
});

async function touch(project: string): Promise<string> {
  await writeFile(join(project, "readme.txt"), "");
  return project;
}
