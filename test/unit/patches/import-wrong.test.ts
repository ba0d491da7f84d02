import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { exitCode } from "../../../src/errors.ts";
import { find } from "../../helpers/found.ts";
import { test } from "../../helpers/folder.ts";
import { commitAll, inGit, mail, makeUpstream, newFile, replaceLine, writeFiles } from "../../helpers/project.ts";

const good = replaceLine("greeting.txt", "hello", "hello world");
const utf16 = Buffer.from(`\ufeff${mail("Greet", good)}`, "utf16le");
const combined =
  "diff --cc greeting.txt\nindex 1,2..3\n--- a/greeting.txt\n+++ b/greeting.txt\n@@@ -1,1 -1,1 +1,1 @@@\n- a\n -b\n++c\n";

/** Wrong content of the file `x.patch`, and what is said of it, after its name. */
const wrong: Readonly<Record<string, readonly [content: string | Buffer, says: string]>> = {
  "an empty file": ["", ":1:1: This file is empty."],
  "a file of blanks": [" \n\r\n\t\n", ":1:1: This file is empty."],
  "UTF-16 with a mark": [utf16, ":1:1: This file is UTF-16 text"],
  "UTF-16 without a mark": [utf16.subarray(2), ":1:1: This file is UTF-16 text"],
  "a compressed file": [Buffer.from("1f8b0800", "hex"), ":1:1: This file is compressed: run `gunzip "],
  "binary data": [Buffer.from(`${good}\n\0`), ":8:1: This line has binary data"],
  "a web page": ["<html><body>404</body></html>\n", ":1:1: This is a web page"],
  "text without a diff": ["Hello.\n", ":1:1: This file has no diff."],
  "a Dockerfile": ["FROM debian\nRUN git apply x.patch\n", "give the patches and `--order` with this file"],
  "a mail without a diff": [mail("Greet", ""), ":1:1: This mail has no diff."],
  "a binary file without content": [
    "diff --git a/x b/x\nindex 1111111..2222222 100644\nBinary files a/x and b/x differ\n",
    ":3:1: This file is binary and its content is missing: make the patch with `git format-patch --binary`.",
  ],
  "a binary file of diff(1)": [`diff -ru a/x b/x\nBinary files a/x and b/x differ\n${good}`, ":2:1: This file is binary"],
  "a binary file with short ids": [
    "diff --git a/x b/x\nindex 1111111..2222222 100644\nGIT binary patch\nliteral 1\nIc${MZ\n\nliteral 0\nHc$@<O00001\n\n",
    ":3:1: This binary file has short blob ids",
  ],
  "a binary file whose data is cut off": [
    "diff --git a/x b/x\nindex 1111111..2222222 100644\nGIT binary patch\n",
    ":3:1: This file is binary and its content is missing",
  ],
  "the diff of a merge": [mail("Merge", combined), ":14:1: This is the diff of a merge commit: take the commits that it merged."],
  "a context diff": ["*** a/x\n--- b/x\n***************\n*** 1 ****\n! a\n--- 1 ----\n! b\n", ":3:1: This is a context diff"],
  "a hunk without a name": ["@@ -1 +1 @@\n-a\n+b\n", ":1:1: A hunk without the names of its file"],
  "a hunk that the file ends in": [mail("Cut", good.replace("+hello world\n", "")), ":17:1: The file ends inside this hunk"],
  "a hunk whose lines were wrapped": [
    good.replace("hello world", "hello\nworld").replace("+1 @@", "+1,2 @@"),
    ":7:1: This line is not one of a hunk",
  ],
  "a hunk with more lines": [`${good}+more\n`, ":4:1: This hunk has more lines than its first line says"],
  "a file without a hunk": ["--- a/x\n+++ b/x\n", ":1:1: This has no diff."],
  "a file of git's format without a hunk": [
    "diff --git a/x b/x\nindex 1111111..2222222 100644\n",
    ":1:1: The diff of this file is cut off",
  ],
  "names of git's format without a hunk": ["diff --git a/x b/x\n--- a/x\n+++ b/x\n", ":2:1: The diff of this file is cut off"],
  "a path above the tree": [newFile("../evil", "x"), ":1:1: Path `../evil` is outside the source tree."],
  "a path into .git": [newFile(".git/hooks/x", "x"), ":1:1: Path `.git/hooks/x` is outside the source tree."],
  "a path into .git in quotes": [
    newFile("x", "x").replaceAll("b/x", '"b/.gi\\164/x"'),
    ":1:1: Path `.git/x` is outside the source tree.",
  ],
  "two mails": [`${mail("One", good)}\n${mail("Two", good)}`, ":21:1: A second mail starts here"],
  "two commits of `git log -p`": [
    `commit ${"1".repeat(40)}\nAuthor: A <a@b.c>\n\n    One\n\n${good}\ncommit ${"2".repeat(40)}\n\n    Two\n\n${good}`,
    ":13:1: A second commit starts here",
  ],
  "a submodule in words": ["Submodule ovs 1111111..2222222:\n  > x\n", ":1:1: This changes a submodule"],
};

describe("a patch in a folder", () => {
  test.for(Object.entries(wrong))("must not be %s", async ([, [content, says]], { folder }) => {
    const dir = join(folder, "in");
    await mkdir(dir);
    await writeFile(join(dir, "x.patch"), content);
    const error: unknown = await find(folder, [dir]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "project",
      message: expect.stringContaining(`${join(dir, "x.patch")}${says.startsWith(":") ? says : ""}`),
    });
    expect(error).toMatchObject({ message: expect.stringContaining(says) });
    expect(exitCode(error)).toBe(2);
    expect((await readdir(folder)).toSorted()).toEqual(["in", "scratch"]);
  });

  test("is reported with the others that are wrong", async ({ folder }) => {
    await writeFiles(folder, { "in/a.patch": "", "in/b.patch": good, "in/c.patch": combined, "in/d.patch": `${good}+more\n` });
    await expect(find(folder, [join(folder, "in")])).rejects.toMatchObject({
      message: expect.stringMatching(/a\.patch:1:1: .*empty/s),
    });
    await writeFiles(folder, { "in/a.patch": undefined });
    await expect(find(folder, [join(folder, "in")])).rejects.toMatchObject({
      message: expect.stringMatching(/c\.patch:1:1: .*\n.*d\.patch:4:1: /s),
    });
  });
});

describe("what is given", () => {
  const cases: Readonly<Record<string, readonly [files: Record<string, string>, from: string, says: string]>> = {
    "a folder without patches": [{ "in/README": "x" }, "in", "in:1:1: No patch is in this folder"],
    "a folder with two series": [{ "in/a.series": "x", "in/b.series": "y" }, "in", "has several series: a.series, b.series."],
    "a series without names": [
      { "in/series": "# none\n", "in/a.patch": good },
      "in",
      "in/series:1:1: This series names no patch.",
    ],
    "a series that names what is not there": [
      { "in/series": "b.patch\n", "in/a.patch": good },
      "in",
      "in/series:1:1: `b.patch` is named here, but is not among",
    ],
    "a series alone that names what is not there": [
      { "x.series": "\nb.patch\n" },
      "x.series",
      "x.series:2:1: `b.patch` is named here, but does not exist.",
    ],
    "a series with an unknown option": [
      { "in/series": "a.patch -x\n", "in/a.patch": good },
      "in",
      "in/series:1:1: `-x` is not an option of a series",
    ],
    "a series with a reversed patch": [
      { "in/series": "a.patch -R\n", "in/a.patch": good },
      "in",
      "in/series:1:1: This patch is applied in reverse",
    ],
    "a path that does not exist": [{}, "none", "none does not exist."],
    "a series with a level that leaves no name": [
      { "in/series": "a.patch -p3\n", "in/a.patch": good },
      "in",
      "a.patch:1:1: With -p3, this does not name a file",
    ],
  };
  test.for(Object.entries(cases))("must not be %s", async ([, [files, from, says]], { folder }) => {
    await writeFiles(folder, files);
    const error: unknown = await find(folder, [join(folder, from)]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: expect.stringContaining(says) });
    expect(exitCode(error)).toBe(2);
  });

  test("as an order must apply patches, forwards and in ways that are known", async ({ folder }) => {
    await writeFiles(folder, { "in/a.patch": good });
    const lines: Readonly<Record<string, string>> = {
      "RUN make\n": ":1:1: This file applies no patch",
      "RUN git apply -R a.patch\n": ":1:1: `-R` cannot be imported",
      "RUN x && \\\n patch -Rp1 < a.patch\n": ":2:1: `-Rp1` cannot be imported",
      "RUN git apply --exclude=x a.patch\n": ":1:1: `--exclude",
      "RUN git apply\n": ":1:1: Which patch this applies is not known",
      "RUN make | git apply\n": ":1:1: Which patch this applies is not known",
      "RUN curl $X/a.patch | git apply\n": ":1:1: Which patch this applies is not known",
    };
    for (const [text, says] of Object.entries(lines)) {
      await writeFiles(folder, { Dockerfile: text });
      await expect(find(folder, [join(folder, "in")], { order: join(folder, "Dockerfile") }), text).rejects.toMatchObject({
        code: "project",
        message: expect.stringContaining(`Dockerfile${says}`),
      });
    }
  });
});

describe("commits of a repository", () => {
  const make = async (folder: string) => {
    const repository = join(folder, "up");
    await makeUpstream(repository);
    const second = async () => {
      await writeFiles(repository, { "greeting.txt": "hello again\n" });
      return commitAll(repository, "Second");
    };
    return { repository, second: await second() };
  };

  let place = "";
  let shared: ReturnType<typeof make>;
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), "kovn-test-"));
    shared = make(place);
    await shared;
  });
  afterAll(() => rm(place, { recursive: true, force: true }));

  const cases: Readonly<Record<string, readonly [range: string, says: string]>> = {
    "an empty range": ["main..main~1", "has no commit"],
    "a range of three dots": ["main~1...main", "does not name commits: expected REPO#COMMIT, or REPO#A..B"],
    "no name": ["", "does not name commits"],
    "an option": ["--all", "does not name commits"],
    "a name that means nothing": ["none", "has no branch, tag or commit `none`."],
  };
  test.for(Object.entries(cases))("must not be %s", async ([, [range, says]], { folder }) => {
    const { repository } = await shared;
    await expect(find(folder, [`${repository}#${range}`])).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining(says),
    });
    const error: unknown = await find(folder, [`file://${repository}#${range}`]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "usage" });
  });

  test("must not be merge commits, which are named", async ({ folder }) => {
    const { repository } = await make(folder);
    await inGit(repository, "checkout", "--quiet", "-b", "side", "main~1");
    await writeFiles(repository, { "side.txt": "x\n" });
    await commitAll(repository, "Side");
    await inGit(repository, "merge", "--quiet", "--no-edit", "main");
    const merge = (await inGit(repository, "rev-parse", "HEAD")).slice(0, 12);
    await expect(find(folder, [`${repository}#main..side`])).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining(`has the merge commit ${merge}, which cannot be a patch.`),
    });
  });

  test("that change no file are left out with a notice", async ({ folder }) => {
    const { repository } = await make(folder);
    await inGit(repository, "commit", "--quiet", "--allow-empty", "--message", "Nothing");
    const { found, seen } = await find(folder, [`${repository}#main~2..main`]);
    expect(found.map(({ subject }) => subject)).toEqual(["Second"]);
    expect(seen).toContainEqual(expect.stringMatching(/^notice: .* is left out, because it changes no file: Nothing$/));
  });

  test("name the address of the repository, not a path of this machine", async ({ folder }) => {
    const { repository, second } = await make(folder);
    const origins = async () => (await find(folder, [`${repository}#main`])).found.map(({ origin }) => origin);
    expect(await origins()).toEqual([undefined]);
    for (const [url, origin] of [
      ["https://example.com/demo.git", "https://example.com/demo.git"],
      ["https://token@example.com/demo.git", undefined],
      ["/srv/demo", undefined],
    ]) {
      await inGit(repository, "config", "remote.origin.url", url ?? "");
      expect(await origins()).toEqual([origin]);
    }
    const { found } = await find(folder, [`file://${repository}#${second}`]);
    expect(found.map(({ origin, commit }) => [origin, commit])).toEqual([[undefined, second]]);
  });

  test("of an address are read also where the range has no common line", async ({ folder }) => {
    const { repository, second } = await make(folder);
    await inGit(repository, "checkout", "--quiet", "-b", "side", "main~1");
    await writeFiles(repository, { "side.txt": "x\n" });
    const side = await commitAll(repository, "Side");
    const read = async (range: string) =>
      (await find(folder, [`file://${repository}#${range}`])).found.map(({ commit }) => commit);
    expect(await read("main..side")).toEqual([side]);
    expect(await read("side")).toEqual([side]);
    expect(await read(`${second}~1..${second}`)).toEqual([second]);
    await expect(read("main~7..main")).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining("has no commit"),
    });
  });

  test("of an address are those of the range, if it branched off long ago", async ({ folder }) => {
    const repository = join(folder, "long.git");
    await inGit(folder, "init", "--quiet", "--bare", "--initial-branch=main", repository);
    const commit = (branch: string, from: string, number: number) =>
      `commit refs/heads/${branch}\nmark :${number + 1}\ncommitter A <a@example.com> ${1_700_000_000 + number} +0000\ndata 2\n${number % 10}\n\n${from}M 100644 inline f${number}\ndata 0\n\n`;
    const main = Array.from({ length: 240 }, (_, number) => commit("main", "", number)).join("");
    await execa("git", ["-C", repository, "fast-import", "--quiet"], {
      input: `${main}${commit("side", "from :10\n", 999)}`,
    });
    const { found } = await find(folder, [`file://${repository}#main..side`]);
    expect(found.map(({ diff }) => diff.toString().split("\n")[0])).toEqual(["diff --git a/f999 b/f999"]);
  });

  test("of a bare repository are read, whatever its configuration says", async ({ folder }) => {
    const { repository } = await make(folder);
    const bare = join(folder, "bare.git");
    await inGit(folder, "clone", "--quiet", "--bare", repository, bare);
    for (const [name, value] of [
      ["diff.noprefix", "true"],
      ["diff.external", "false"],
      ["diff.context", "0"],
    ])
      await inGit(bare, "config", name ?? "", value ?? "");
    const { found } = await find(folder, [`${bare}#main`]);
    expect(found[0]?.diff.toString()).toContain("--- a/greeting.txt\n+++ b/greeting.txt\n@@ -1 +1 @@\n-hello\n+hello again\n");
  });

  test("of a place that is not a repository, or that nothing serves, cannot be read", async ({ folder }) => {
    await mkdir(join(folder, "plain"));
    await expect(find(folder, [`${join(folder, "plain")}#main`])).rejects.toMatchObject({ code: "usage" });
    await expect(find(folder, [`${join(folder, "none")}#main`])).rejects.toMatchObject({ code: "usage" });
    await expect(find(folder, ["http://127.0.0.1:1/demo.git#main"])).rejects.toMatchObject({
      code: "network",
      message: expect.stringContaining("Repository http://127.0.0.1:1/demo.git cannot be read"),
    });
    await expect(find(folder, ["https://token@example.com/demo.git#main"])).rejects.toMatchObject({ code: "usage" });
  });
});
