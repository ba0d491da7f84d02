import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { readLock } from "../../../../src/config/lock.ts";
import type { Project } from "../../../../src/config/project.ts";
import { readSource } from "../../../../src/config/source.ts";
import type { BuildError } from "../../../../src/errors.ts";
import { checkLine } from "../../../../src/patches/check-line.ts";
import type { Imported, ImportRequest } from "../../../../src/patches/import/context.ts";
import { headerOf } from "../../../../src/patches/import/header.ts";
import { importSeries } from "../../../../src/patches/import/import.ts";
import { makePatch } from "../../../../src/patches/import/make-patch.ts";
import { openScratch } from "../../../../src/patches/read-back.ts";
import { contentOf } from "../../../helpers/content.ts";
import { test } from "../../../helpers/folder.ts";
import { host } from "../../../helpers/host.ts";
import { foreign, makeForeign } from "../../../helpers/import.ts";
import {
  commitAll,
  demo,
  inGit,
  makeProject,
  makeUpstream,
  mail,
  newFile,
  replaceLine,
  writeFiles,
} from "../../../helpers/project.ts";

/** A project with no line, beside an upstream. */
async function emptyProject(folder: string): Promise<Project> {
  await makeUpstream(join(folder, "upstream"));
  const root = join(folder, "empty");
  await mkdir(join(root, "patches"), { recursive: true });
  return { root, work: join(root, ".kovn") };
}

/** Imports into source `demo` of a line, whose upstream is beside the project. */
async function into(
  line: string,
  project: Project,
  patches: readonly string[],
  request: Partial<ImportRequest> & { readonly name?: string } = {},
): Promise<Imported> {
  const { name = "demo", ...rest } = request;
  const from = { rule: "auto" as const, repositories: {} };
  const upstream = join(project.root, "../upstream");
  return importSeries({ patches, upstream, dryRun: false, ...rest }, { project, line, name, from, host });
}

async function failure(promise: Promise<unknown>): Promise<BuildError> {
  return promise.then(
    () => expect.unreachable(),
    (error: unknown) => error as BuildError,
  );
}

describe("a foreign series", () => {
  test("makes the tree that `git apply` makes", async ({ folder }) => {
    const project = await emptyProject(folder);
    const { pin, files, tree } = await makeForeign(folder);
    const done = await into("2.0", project, files, { pin: "main" });
    expect(done.patches.filter(({ change }) => change !== "added")).toEqual([]);
    expect(done.patched.tree).toBe(tree);
    expect(done).toMatchObject({
      isNew: true,
      commit: pin,
      branch: "main",
      version: "1.2.3",
      revision: 1,
      written: true,
      locked: true,
    });
    const source = await readSource(project, "2.0", "demo", host);
    expect(source.patches.map(({ name }) => name)).toEqual(done.patches.map(({ name }) => name));
    expect(source.patches.map(({ name }) => name).slice(-4)).toEqual([
      "delete.patch",
      "lib-greet-all-again.patch",
      "plain-diff-2.patch",
      "same-file-twice.patch",
    ]);
    // The diff stays as it was found, with one line of context.
    expect(await readFile(join(project.root, "patches/2.0/demo/less-context.patch"), "utf8")).toContain("\n@@ -11,3 +11,3 @@");
    const findings = await checkLine("2.0", { rule: "auto", repositories: {} }, project, host);
    expect(findings.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  });

  test("keeps author, date, message and commit; its message says what a file lacks; each time the same", async ({ folder }) => {
    const project = await emptyProject(folder);
    const { series } = await makeForeign(folder, foreign.slice(14, 16));
    await into("2.0", project, [series], { pin: "main" });
    await into("2.1", project, [series], { pin: "main" });
    expect(await contentOf(join(project.root, "patches/2.1"))).toEqual(await contentOf(join(project.root, "patches/2.0")));
    const read = async (name: string) => readFile(join(project.root, "patches/2.0/demo", name), "utf8");
    const whole = await read("lib-greet-all-again.patch");
    expect(whole).toContain(
      `From ${"7".repeat(40)} Mon Sep 17 00:00:00 2001\nFrom: =?UTF-8?q?J=C3=BCrgen=20N=C3=BC?= <j@example.com>\n`,
    );
    expect(whole).toContain(
      "Date: Tue, 14 Nov 2023 10:00:00 +0800\nSubject: [PATCH] lib: Greet all [again].\n\nWhy.\n\nFrom: a peer,",
    );
    expect(whole).toContain(
      `\nSigned-off-by: J <j@example.com>\nOrigin: other, commit ${"7".repeat(40)}\nForwarded: no\nSeed: none\nLast-Update: 2023-11-14\n---\n`,
    );
    const undated = await read("plain-diff.patch");
    expect(undated).toContain("From: Pat <pat@example.com>\nDate: Tue, 14 Nov 2023 23:13:20 +0100\n");
    expect(undated).toContain("\nImported from plain-diff, which names no date.\n\nOrigin:");
  });

  test("of a fork's commits is written whatever their messages are", async ({ folder }) => {
    const project = await emptyProject(folder);
    const { pin, fork } = await makeForeign(folder, []);
    for (const [index, message] of [
      "Subject: of a mail\n\nFrom: nobody\n\nText\n---\nafter a line\n\ndiff --git a/x b/x",
      "[windows] Tag\n\n\n\nTwo  spaces   and a tail   \n",
      `Picked\n\nText\n\n(cherry picked from commit ${pin})`,
    ].entries()) {
      await writeFiles(fork, { [`file${index}`]: "x\n" });
      await commitAll(fork, message);
    }
    const { patches, patched } = await into("2.0", project, [`${fork}#${pin}..HEAD`], { pin });
    expect(patched.tree).toBe(await inGit(fork, "rev-parse", "HEAD^{tree}"));
    expect(patches.map(({ subject, origin }) => [subject, origin?.split(",")[0]])).toEqual([
      ["Subject: of a mail", "other"],
      ["[windows] Tag", "other"],
      ["Picked", "upstream"],
    ]);
  });
});

test("a diff that makes another tree is written by git, and the reason is in the result", async ({ folder }) => {
  const tree = join(folder, "upstream");
  await makeUpstream(tree);
  const parent = await inGit(tree, "rev-parse", "HEAD");
  await writeFiles(tree, { "greeting.txt": "hello world\n" });
  await inGit(tree, "add", "greeting.txt");
  const wanted = await inGit(tree, "write-tree");
  const options = { host, cwd: tree };
  const again = await openScratch(tree, join(folder, "again"), host);
  const found = { at: "x", name: "x", fields: {}, diff: Buffer.from(replaceLine("greeting.txt", "hello", "other")) };
  const fields = { Origin: "other, x", Forwarded: "no", Seed: "none", "Last-Update": "2023-11-14" };
  const header = headerOf(found, "1700000000 +0100");
  const made = await makePatch(
    found,
    { name: "x.patch", header, fields, tree: wanted, parent },
    { mails: join(folder, "mails"), tree: options, git: again },
  );
  expect(made).toMatchObject({ change: "rewritten", notes: ["the diff is written by git: its files come back changed"] });
  expect(made.mail.toString()).toContain("\n-hello\n+hello world\n");
});

describe("a line", () => {
  test("of two sources takes one command for each", async ({ folder }) => {
    const project = await emptyProject(folder);
    const { files } = await makeForeign(folder, foreign.slice(0, 2));
    await writeFiles(project.root, { "patches/lines.yaml": 'default: "1.0"\nlines:\n  - line: "1.0"\n' });
    await into("2.0", project, files.slice(0, 1), { pin: "main", name: "one" });
    expect(Object.keys((await readLock(project, "2.0"))?.sources ?? {})).toEqual(["one"]);
    await into("2.0", project, files.slice(1), { pin: "main", name: "two" });
    expect(Object.keys((await readLock(project, "2.0"))?.sources ?? {})).toEqual(["one", "two"]);
    const lines = await readFile(join(project.root, "patches/lines.yaml"), "utf8");
    expect(lines).toBe('default: "1.0"\nlines:\n  - line: "1.0"\n  - { line: "2.0" }\n');
    const findings = await checkLine("2.0", { rule: "auto", repositories: {} }, project, host);
    expect(findings.filter(({ outcome }) => outcome !== "ok")).toEqual([]);
  });

  test("that a killed import left half is made again", async ({ folder }) => {
    const project = await emptyProject(folder);
    const { files } = await makeForeign(folder, foreign.slice(0, 1));
    await writeFiles(project.root, { "patches/.2.0.kovn-0123456789abcdef.next/demo/series": "" });
    expect(await into("2.0", project, files, { pin: "main" })).toMatchObject({ written: true });
    expect(await readdir(join(project.root, "patches"))).toEqual(["2.0"]);
  });
});

describe("an import into a series", () => {
  test("adds what is not in it, and raises the revision once", async ({ folder }) => {
    const project = { root: await makeProject(folder), work: join(folder, "project/.kovn") };
    await writeFiles(folder, {
      "new.patch": newFile("new.txt", "new"),
      "same.patch": replaceLine("greeting.txt", "hello", "hello world"),
    });
    const before = await readFile(join(project.root, demo, "greet-all.patch"));
    const dry = await into("1.0", project, [join(folder, "new.patch")], { dryRun: true });
    expect(dry).toMatchObject({ written: false, revision: 2 });
    expect(await readFile(join(project.root, demo, "series"), "utf8")).not.toContain("new.patch");
    const files = [join(folder, "same.patch"), join(folder, "new.patch")];
    const done = await into("1.0", project, files);
    expect(done.patches).toMatchObject([
      { change: "there", name: "greet-world.patch" },
      { change: "added", name: "new.patch" },
    ]);
    expect(done).toMatchObject({ isNew: false, revision: 2, written: true, locked: true });
    expect(done.patched.tree).toBe(dry.patched.tree);
    expect(await readFile(join(project.root, demo, "greet-all.patch"))).toEqual(before);
    expect((await readSource(project, "1.0", "demo", host)).revision).toBe(2);
    const whole = await contentOf(join(project.root, "patches"));
    expect(await into("1.0", project, files)).toMatchObject({ written: false, locked: true, revision: 2 });
    expect(await contentOf(join(project.root, "patches"))).toEqual(whole);
  });

  test("finds a patch whose lines are written in another way", async ({ folder }) => {
    const project = { root: await makeProject(folder), work: join(folder, "project/.kovn") };
    await writeFiles(folder, {
      "wide.patch": newFile("numbers2.txt", "1").replace("@@ -0,0 +1 @@\n+1\n", "@@ -0,0 +1,3 @@\n+1\n+2\n+3\n"),
      "one.patch":
        "diff --git a/numbers2.txt b/numbers2.txt\n--- a/numbers2.txt\n+++ b/numbers2.txt\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n",
      "less.patch":
        "diff --git a/numbers2.txt b/numbers2.txt\n--- a/numbers2.txt\n+++ b/numbers2.txt\n@@ -2,2 +2,2 @@\n-2\n+two\n 3\n",
    });
    await into("1.0", project, [join(folder, "wide.patch"), join(folder, "one.patch")]);
    const done = await into("1.0", project, [join(folder, "less.patch")]);
    expect(done).toMatchObject({ written: false, patches: [{ change: "there", name: "one.patch" }] });
  });

  test("gives the entry of the seed by its commit, or by the patch of another line", async ({ folder }) => {
    const seed = `- { entry: 1, source: demo, repository: kubeovn/demo, commit: ${"a".repeat(40)}, title: Greet the world }
- { entry: 2, source: demo, repository: kubeovn/demo, commit: ${"b".repeat(40)}, title: Add a file }
- { entry: 3, source: demo, repository: kubeovn/demo, commit: ${"c".repeat(40)}, title: Number it }
- { entry: 4, source: other, repository: kubeovn/other, commit: ${"d".repeat(40)}, title: Other }\n`;
    const project = { root: await makeProject(folder, { "patches/seed.yaml": seed }), work: join(folder, "project/.kovn") };
    await writeFiles(folder, {
      "1.patch": replaceLine("greeting.txt", "hello", "hello world"),
      "2.patch": newFile("new.txt", "new"),
      [`${"c".repeat(40)}.patch`]: newFile("three.txt", "3"),
      "add-a-file.patch": newFile("four.txt", "4"),
      "other.patch": newFile("five.txt", "5"),
    });
    const mails = {
      "six.patch": mail("GREET the: world", newFile("six.txt", "6"), { Fields: "Origin: https://example.com/x\nForwarded: yes" }),
    };
    await writeFiles(folder, mails);
    const names = ["1", "2", "c".repeat(40), "add-a-file", "other", "six"];
    const { patches } = await into(
      "2.0",
      project,
      names.map((name) => join(folder, `${name}.patch`)),
      { pin: "main" },
    );
    expect(patches.map((patch) => patch.seed)).toEqual(["aaaaaaaaaa", "none", "cccccccccc", "bbbbbbbbbb", "none", "aaaaaaaaaa"]);
    expect(patches.at(-1)?.origin).toBe("other, https://example.com/x");
    expect(patches[0]?.origin).toBe("other, 1.patch");
  });
});

const late =
  "diff --git a/numbers.txt b/numbers.txt\n--- a/numbers.txt\n+++ b/numbers.txt\n@@ -9,3 +9,3 @@\n 9\n-ten\n+TEN\n 11\n";
const early = late.replace("-ten", "-10").replace("+TEN", "+ten");

/** What is wrong: files, what is asked for, and the message and hint. */
const failures: readonly (readonly [string, Readonly<Record<string, string>>, Partial<ImportRequest>, string, string])[] = [
  [
    "a line that upstream changed",
    { "a.patch": early, "b.patch": late.replace("ten", "xx") },
    {},
    "b.patch, does not apply to `demo` at",
    "--pin",
  ],
  [
    "a wrong order",
    { "b.patch": late, "c.patch": early },
    {},
    "numbers.txt, hunk at line 9: needs later patch `c.patch`",
    "put `c.patch` before `b.patch`",
  ],
  [
    "a change that upstream has",
    { "a.patch": newFile("greeting.txt", "hello") },
    {},
    "greeting.txt: upstream has this change already",
    "leave out `a.patch`",
  ],
  ["a new source without a pin", { "a.patch": early }, { pin: undefined }, "Line 2.0 has no source `demo` yet", "--pin BRANCH"],
  ["a pin that upstream lacks", { "a.patch": early }, { pin: "mian" }, "`mian` is unknown", "Did you mean `main`?"],
  [
    "an upstream that nobody knows",
    { "a.patch": early },
    { upstream: undefined },
    "The upstream of source `demo` is unknown",
    "--upstream",
  ],
  [
    "an address with a password",
    { "a.patch": early },
    { upstream: "https://me:pw@example.com/x" },
    "The address in --upstream has a user name",
    "",
  ],
];

describe("an import writes nothing for", () => {
  test.for(failures)("%s", async ([, files, request, message, hint], { folder }) => {
    const project = await emptyProject(folder);
    await writeFiles(join(folder, "series"), files);
    const error = await failure(
      into(
        "2.0",
        project,
        Object.keys(files).map((name) => join(folder, "series", name)),
        { pin: "main", ...request },
      ),
    );
    expect(error.message).toContain(message);
    expect(error.hint ?? "").toContain(hint);
    expect(await readdir(join(project.root, "patches"))).toEqual([]);
  });

  test("a pin that is not the one of the source", async ({ folder }) => {
    const project = { root: await makeProject(folder), work: join(folder, "project/.kovn") };
    await writeFile(join(folder, "a.patch"), early);
    await writeFiles(join(folder, "upstream"), { more: "x\n" });
    const next = await commitAll(join(folder, "upstream"), "Next");
    const before = await contentOf(join(project.root, "patches"));
    const error = await failure(into("1.0", project, [join(folder, "a.patch")], { pin: "main" }));
    expect(error).toMatchObject({
      code: "usage",
      message: expect.stringContaining(`\`main\` is ${next.slice(0, 12)}, but source`),
    });
    expect(await contentOf(join(project.root, "patches"))).toEqual(before);
  });
});
