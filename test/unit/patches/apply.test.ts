import { lstat, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Source } from "../../../src/config/source.ts";
import { checkoutPatched, clonePatched } from "../../../src/patches/apply.ts";
import { fetchBase } from "../../../src/patches/mirror.ts";
import { exists } from "../../../src/sys/files.ts";
import { git } from "../../../src/sys/git.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { aPatch, aSource } from "../../helpers/plan.ts";
import { commitAll, inGit, mail, makeUpstream, newFile, pin, replaceLine, writeFiles } from "../../helpers/project.ts";

/** The fixture upstream in a mirror, and a source with these patches (name to mail). */
async function prepare(folder: string, mails: Readonly<Record<string, string>>, work = "work") {
  const upstream = join(folder, "upstream");
  await makeUpstream(upstream);
  await writeFiles(join(folder, "patches"), mails);
  const patches = Object.keys(mails).map((name) => aPatch(name, { path: join(folder, "patches", name) }));
  const source: Source = aSource({ name: "demo", upstream, commit: pin, patches });
  return { source, base: await fetchBase({ kind: "git", url: upstream, commit: pin }, { work: join(folder, work), host }) };
}

const world = mail("Greet the world", replaceLine("greeting.txt", "hello", "hello world"));
const all = mail("Greet all", replaceLine("greeting.txt", "hello world", "hello all"));
const program = "#!/bin/sh\n# A program.";

describe("a series", () => {
  test("is applied in order, one commit per patch, with the author's date as the committer's", async ({ folder }) => {
    const { source, base } = await prepare(folder, { "world.patch": world, "all.patch": all });
    const patched = await checkoutPatched(source, base, join(folder, "tree"), host);
    const log = await git(["log", "--reverse", "--format=%s|%an|%aI|%cn|%cI"], { host, cwd: join(folder, "tree") });
    expect(log.split("\n")).toEqual([
      "First|Upstream|2023-11-14T23:13:20+01:00|Upstream|2023-11-14T23:13:20+01:00",
      "Greet the world|Pat Cher|2026-11-22T12:00:00+03:00|kovn-build|2026-11-22T12:00:00+03:00",
      "Greet all|Pat Cher|2026-11-22T12:00:00+03:00|kovn-build|2026-11-22T12:00:00+03:00",
    ]);
    expect(await readFile(join(folder, "tree/greeting.txt"), "utf8")).toBe("hello all\n");
    expect(patched.epoch).toBe(Date.parse("2026-11-22T09:00:00Z") / 1000);
  });

  test("gives the same commit in two folders from two mirrors", async ({ folder }) => {
    const one = await prepare(folder, { "world.patch": world });
    const other = await prepare(join(folder, "other"), { "world.patch": world }, "elsewhere");
    const commits = [
      await checkoutPatched(one.source, one.base, join(folder, "a"), host),
      await checkoutPatched(one.source, one.base, join(folder, "b"), host),
      await checkoutPatched(other.source, other.base, join(folder, "c"), host),
      await clonePatched(one.source, one.base, "https://example.com/", join(folder, "d"), host),
    ].map((patched) => patched.commit);
    expect(new Set(commits)).toEqual(new Set(["ebcb3e27626472b77f6bb7baf48767f71bad5ca5"]));
  });

  test("gives all files the date of the last patch", async ({ folder }) => {
    const { source, base } = await prepare(folder, {
      "world.patch": world,
      "link.patch": mail("A link", newFile("ref", "nowhere", "120000")),
    });
    const { epoch } = await checkoutPatched(source, base, join(folder, "tree"), host);
    const files = (await git(["ls-files"], { host, cwd: join(folder, "tree") })).split("\n");
    expect(files).toContain("ref");
    for (const file of files) expect((await lstat(join(folder, "tree", file))).mtimeMs, file).toBe(epoch * 1000);
  });

  test("gives no file a date after this machine's clock, with which make would configure again and again", async ({ folder }) => {
    const later = world.replace(/^Date: .*$/m, "Date: Wed, 1 Jan 2098 00:00:00 +0000");
    const { source, base } = await prepare(folder, { "world.patch": later });
    const { epoch } = await checkoutPatched(source, base, join(folder, "tree"), host);
    expect(epoch).toBe(Date.UTC(2098, 0, 1) / 1000);
    expect((await lstat(join(folder, "tree/greeting.txt"))).mtimeMs).toBeLessThanOrEqual(Date.now());
  });

  test("without patches gives the base", async ({ folder }) => {
    const { source, base } = await prepare(folder, {});
    expect((await checkoutPatched(source, base, join(folder, "tree"), host)).commit).toBe(pin);
  });

  test("keeps links, modes and text that is not ASCII", async ({ folder }) => {
    const mode = newFile("run.sh", program.split("\n")[0] ?? "", "100755");
    const { source, base } = await prepare(folder, {
      "more.patch": mail(
        "Grüße an alle",
        `${mode}${newFile("ref", "greeting.txt", "120000")}${replaceLine("greeting.txt", "hello", "grüß Gott")}`,
      ),
    });
    await checkoutPatched(source, base, join(folder, "tree"), host);
    const options = { host, cwd: join(folder, "tree") };
    expect(await readlink(join(folder, "tree/ref"))).toBe("greeting.txt");
    expect(await git(["ls-tree", "--format=%(objectmode)", "HEAD", "run.sh"], options)).toBe("100755");
    expect(await git(["log", "-1", "--format=%s"], options)).toBe("Grüße an alle");
    expect(await readFile(join(folder, "tree/greeting.txt"), "utf8")).toBe("grüß Gott\n");
  });

  test("in a clone for people has history, the upstream as origin and a clean work tree", async ({ folder }) => {
    const { source, base } = await prepare(folder, { "world.patch": world });
    await clonePatched(source, base, "https://example.com/ovs.git", join(folder, "tree"), host);
    const options = { host, cwd: join(folder, "tree") };
    expect(await git(["remote", "get-url", "origin"], options)).toBe("https://example.com/ovs.git");
    expect(await git(["status", "--porcelain", "--branch"], options)).toBe("## kovn");
    expect(await git(["rev-list", "--count", "HEAD"], options)).toBe("2");
  });
});

describe("a clone for people", () => {
  test("gets contents of older files from where its base came from, not from upstream", async ({ folder }) => {
    const { source } = await prepare(folder, {
      "world.patch": mail("World", replaceLine("lib/code.c", "int main;", "int world;")),
    });
    await writeFiles(source.upstream, { "greeting.txt": "hello again\n" });
    const moved = await commitAll(source.upstream, "Second");
    const base = await fetchBase({ kind: "git", url: source.upstream, commit: moved }, { work: join(folder, "work"), host });
    const tree = join(folder, "tree");
    await clonePatched(source, base, "https://git.example.invalid/demo.git", tree, host);
    const missing = ["rev-list", "--objects", "--missing=print", "--no-object-names", pin];
    expect(await git(missing, { host, cwd: tree })).toContain("?");
    expect(await inGit(tree, "show", `${pin}:greeting.txt`)).toBe("hello");
    expect(await inGit(tree, "remote")).toBe("base\norigin");
  });

  test("has one remote, if the base came from upstream", async ({ folder }) => {
    const { source, base } = await prepare(folder, { "world.patch": world });
    await clonePatched(source, base, source.upstream, join(folder, "tree"), host);
    expect(await inGit(join(folder, "tree"), "remote")).toBe("origin");
  });
});

const broken: readonly (readonly [string, string, string])[] = [
  ["lines that upstream changed", replaceLine("lib/code.c", "int other;", "x"), "lib/code.c, hunk at line 1"],
  ["a file that upstream lacks", replaceLine("lib/none.c", "a", "b"), "lib/none.c"],
  ["a file that upstream has", newFile("greeting.txt", "x"), "greeting.txt"],
  ["a path through a link in upstream", newFile("way/evil.c", "x"), "affected file 'way/evil.c' is beyond a symbolic link"],
  ["a path into .git", newFile(".git/hooks/pre-commit", "x"), "invalid path '.git/hooks/pre-commit'"],
  ["a path above the tree", newFile("../evil.c", "x"), "invalid path '../evil.c'"],
];

describe("a patch that does not apply", () => {
  test.for(broken)("because of %s is named with its position and leaves nothing behind", async ([, diff, where], { folder }) => {
    const { source, base } = await prepare(folder, {
      "world.patch": world,
      "broken.patch": mail("Broken", diff),
      "all.patch": all,
    });
    for (const apply of [
      () => checkoutPatched(source, base, join(folder, "tree"), host),
      () => clonePatched(source, base, "https://example.com/", join(folder, "tree"), host),
    ]) {
      const error = await apply().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "patch", message: expect.stringContaining("`broken.patch` (2 of 3 of `demo`)") });
      expect(error).toMatchObject({ message: expect.stringContaining(where), hint: expect.stringContaining("--until broken") });
      expect(await exists(join(folder, "tree"))).toBe(false);
    }
  });
});

describe("a patch", () => {
  test("is not applied with fuzz", async ({ folder }) => {
    const context =
      "diff --git a/numbers.txt b/numbers.txt\n--- a/numbers.txt\n+++ b/numbers.txt\n@@ -9,3 +9,3 @@\n 9\n-10\n+ten\n other\n";
    const { source, base } = await prepare(folder, { "fuzz.patch": mail("Fuzz", context) });
    await expect(checkoutPatched(source, base, join(folder, "tree"), host)).rejects.toMatchObject({
      message: expect.stringContaining("numbers.txt, hunk at line 9"),
    });
  });

  test("is applied when its lines only moved", async ({ folder }) => {
    const moved =
      "diff --git a/numbers.txt b/numbers.txt\n--- a/numbers.txt\n+++ b/numbers.txt\n@@ -5,3 +5,3 @@\n 9\n-10\n+ten\n 11\n";
    const { source, base } = await prepare(folder, { "moved.patch": mail("Moved", moved) });
    await checkoutPatched(source, base, join(folder, "tree"), host);
    expect(await readFile(join(folder, "tree/numbers.txt"), "utf8")).toContain("9\nten\n11\n");
  });
});
