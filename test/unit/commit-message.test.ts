import { resolve } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { test } from "../helpers/folder.ts";
import { writeFiles } from "../helpers/project.ts";

const why = "\n\nThe why, in a few words.";
const url = `https://example.com/${"a".repeat(100)}`;

const good: Readonly<Record<string, string>> = {
  "area and what": "patches: apply without fuzz",
  "a body": `run: stop after five seconds${why}`,
  "an area of several parts": "src/prove/entry-07.ts: count next hops",
  "an area that starts with a dot": ".github: add templates",
  "exactly 72 characters": `docs: ${"ä".repeat(66)}`,
  "a long URL": `docs: link the page\n\nSee ${url} for all of it, since nobody can wrap a URL.`,
  "quoted output": `run: mask tokens\n\n    ${"long output ".repeat(10)}end`,
  "a revert": `Revert "${"a".repeat(80)}"\n\nThis reverts commit ${"a".repeat(40)}.`,
  "a fixup": `fixup! ${"a".repeat(80)}`,
  "a squash": "squash! patches: apply without fuzz",
  "a merge": "Merge branch 'topic'",
};

const bad: Readonly<Record<string, readonly [message: string, line: number, remedy: string]>> = {
  "no area": ["Apply without fuzz", 1, "write `area: what`"],
  "an area with a capital": ["Patches: apply without fuzz", 1, "write `area: what`"],
  "an area with a space": ["the patches: apply without fuzz", 1, "write `area: what`"],
  "nothing after the area": ["patches:", 1, "write `area: what`"],
  "73 characters": [`docs: ${"ä".repeat(67)}`, 1, "shorten it by 1:"],
  "a full stop": ["patches: apply without fuzz.", 1, "remove the full stop"],
  "a second line": ["patches: apply\nwithout fuzz", 2, "leave this line empty"],
  "a body that is not wrapped": [`run: stop${why}\n${"many words ".repeat(10)}end`, 4, "wrap at 100 characters"],
};

/** A repository with the hook of this one; it returns a function that runs git there. */
async function repository(folder: string) {
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: folder,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "A",
    GIT_AUTHOR_EMAIL: "a@example.com",
    GIT_COMMITTER_NAME: "A",
    GIT_COMMITTER_EMAIL: "a@example.com",
  };
  const git = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    execa("git", args, { cwd: folder, env: { ...env, ...more }, extendEnv: false, reject: false });
  await git(["init", "--quiet", "--initial-branch", "main"]);
  await git(["config", "core.hooksPath", resolve(".githooks")]);
  return git;
}

describe("the commit-msg hook", () => {
  test.for(Object.entries(good))("accepts %s", async ([, message], { folder }) => {
    const git = await repository(folder);
    const { stderr, exitCode } = await git(["commit", "--allow-empty", "--message", message]);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect((await git(["log", "--format=%B"])).stdout.trim()).toBe(message);
  });

  test.for(Object.entries(bad))("rejects %s, and says how to fix it", async ([, [message, line, remedy]], { folder }) => {
    const git = await repository(folder);
    const { stderr, exitCode } = await git(["commit", "--allow-empty", "--message", message]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`commit message, line ${line}: ${message.split("\n")[line - 1]}\n  -> ${remedy}`);
    expect(stderr.match(/->/g)).toHaveLength(1);
    expect((await git(["rev-parse", "--verify", "HEAD"])).exitCode).not.toBe(0);
    // The command that the hook shows finds the message again.
    const fix = /try again: git (.*)$/m.exec(stderr)?.[1]?.split(" ") ?? [];
    await git([...fix, "--allow-empty"], { GIT_EDITOR: "sh -c 'echo docs: a better message > \"$1\"' -" });
    expect((await git(["log", "--format=%s"])).stdout).toBe("docs: a better message");
  });

  test("does not read comments or the diff of an editor", async ({ folder }) => {
    const git = await repository(folder);
    await writeFiles(folder, { file: `${"a long line of the change ".repeat(10)}\n` });
    await git(["add", "file"]);
    await writeFiles(folder, { subject: "docs: say more\n" });
    const editor = 'sh -c \'cat subject "$1" > both && mv both "$1"\' -';
    const { stderr, exitCode } = await git(["commit", "--verbose"], { GIT_EDITOR: editor });
    expect([exitCode, stderr]).toEqual([0, ""]);
  });
});

test("a range of commits is checked but for merges, and each wrong one is named", async ({ folder }) => {
  const git = await repository(folder);
  const commit = (message: string) => git(["commit", "--no-verify", "--allow-empty", "--message", message]);
  const range = () =>
    execa("node", [resolve(".githooks/check-message.mjs"), "--range", "base..HEAD"], { cwd: folder, reject: false });
  await commit("An old one.");
  await git(["tag", "base"]);
  await commit("docs: say more");
  await git(["checkout", "--quiet", "-b", "topic", "base"]);
  await commit("run: stop");
  await git(["merge", "--quiet", "--no-ff", "--no-verify", "--message", "Of two branches.", "main"]);
  expect((await range()).exitCode).toBe(0);
  await commit("Wrong one");
  await commit("docs: wrong two.");
  const { exitCode, stderr } = await range();
  const ids = (await git(["log", "-2", "--reverse", "--abbrev=12", "--format=%h"])).stdout.split("\n");
  expect(exitCode).toBe(1);
  expect(stderr.match(/^commit \w+, line 1: .*/gm)).toEqual([
    `commit ${ids[0]}, line 1: Wrong one`,
    `commit ${ids[1]}, line 1: docs: wrong two.`,
  ]);
  expect(stderr).toContain("git rebase --interactive base");
});
