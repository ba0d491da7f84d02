import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import type { UpstreamPick } from "../../../src/config/pick.ts";
import type { Source } from "../../../src/config/source.ts";
import { checkoutPatched, clonePatched } from "../../../src/patches/apply.ts";
import { fetchBase, isComplete } from "../../../src/patches/mirror.ts";
import { pinOf } from "../../../src/plan/base.ts";
import { exists } from "../../../src/sys/files.ts";
import { git } from "../../../src/sys/git.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { makeNext, picksYaml, type Next } from "../../helpers/picks.ts";
import { aPatch, aSource } from "../../helpers/plan.ts";
import { commitAll, inGit, mail, makeUpstream, pin, replaceLine, sourceYaml, writeFiles } from "../../helpers/project.ts";

const world = mail("Greet the world", replaceLine("greeting.txt", "hello", "hello world"));

type Picks = (next: Next) => readonly (readonly [commit: string, without?: readonly string[]])[];

/** The fixture upstream with its branch `next`, and a source with these picks and the patch `world`. */
async function prepare(folder: string, picksOfNext: Picks) {
  const upstream = join(folder, "upstream");
  await makeUpstream(upstream);
  const next = await makeNext(upstream);
  const listed = picksOfNext(next);
  await writeFiles(folder, {
    "patches/world.patch": world,
    "patches/source.yaml": sourceYaml(upstream, picksYaml(...listed)),
  });
  const picks = listed.map(([commit, without = []], index): UpstreamPick => ({
    commit,
    why: `fix ${index + 1}`,
    without: [...without],
  }));
  const path = join(folder, "patches/source.yaml");
  const patches = [aPatch("world.patch", { path: join(folder, "patches/world.patch") })];
  const source = aSource({ name: "demo", upstream, place: upstream, commit: pin, path, picks, patches });
  return { source, next, upstream, work: join(folder, "work") };
}

const fetch = async (source: Source, work: string, place = source.place) =>
  fetchBase(pinOf({ ...source, place }), { work, host });

describe("picks", () => {
  test("are taken in order before the series, with author, date and message, and say where they come from", async ({
    folder,
  }) => {
    const { source, next, work } = await prepare(folder, ({ ten, code }) => [[code], [ten, ["tests/"]]]);
    const tree = join(folder, "tree");
    const patched = await checkoutPatched(source, await fetch(source, work), tree, host);
    const log = await git(["log", "--reverse", "--format=%s|%an|%aI|%cn|%cI"], { host, cwd: tree });
    const at = "2023-11-14T23:13:20+01:00";
    expect(log.split("\n")).toEqual([
      `First|Upstream|${at}|Upstream|${at}`,
      `Fix the code|Upstream|${at}|kovn-build|${at}`,
      `Fix ten|Upstream|${at}|kovn-build|${at}`,
      "Greet the world|Pat Cher|2026-11-22T12:00:00+03:00|kovn-build|2026-11-22T12:00:00+03:00",
    ]);
    const messages = await git(["log", "-2", "--reverse", "--format=%B", "HEAD~1"], { host, cwd: tree });
    expect(messages).toBe(
      `Fix the code\n\n(cherry picked from commit ${next.code})\n\n` +
        `Fix ten\n\nIt was a number.\n\nSigned-off-by: Up Stream <up@example.com>\n(cherry picked from commit ${next.ten})`,
    );
    const numbers = (await readFile(join(tree, "numbers.txt"), "utf8")).split("\n");
    expect([numbers[0], numbers[9]]).toEqual(["1", "ten"]);
    expect(await exists(join(tree, "tests"))).toBe(false);
    expect(await readFile(join(tree, "lib/code.c"), "utf8")).toBe("int fixed;\n");
    expect(await git(["status", "--porcelain"], { host, cwd: tree })).toBe("");
    expect(patched.below).toBe(await git(["rev-parse", "HEAD~1"], { host, cwd: tree }));
    expect(patched.picks.map(({ tree: after }) => after)).toEqual(
      (await git(["log", "-2", "--reverse", "--format=%T", "HEAD~1"], { host, cwd: tree })).split("\n"),
    );
    const change = await inGit(source.upstream, "diff-tree", "-p", "--full-index", next.code);
    const { stdout } = await execa("git", ["patch-id", "--stable"], { input: change });
    expect(patched.picks.map(({ patchId }) => patchId)[0]).toBe(stdout.split(" ")[0]);
  });

  test("make the same commit in full, blobless and shallow mirrors, and in a clone for people", async ({ folder }) => {
    const { source, upstream, work } = await prepare(folder, ({ ten, code }) => [[ten, ["tests/all.txt"]], [code]]);
    await inGit(upstream, "config", "uploadpack.allowFilter", "true");
    await inGit(upstream, "config", "uploadpack.allowAnySHA1InWant", "true");
    const url = `file://${upstream}`;
    await inGit(folder, "clone", "--quiet", "--mirror", upstream, "full.git");
    await inGit(folder, "clone", "--quiet", "--mirror", "--no-single-branch", "--depth=4", url, "shallow.git");
    const places = [upstream, url, join(folder, "full.git"), join(folder, "shallow.git")];
    const made: string[] = [];
    for (const [index, place] of places.entries()) {
      const base = await fetch(source, work, place);
      made.push((await checkoutPatched(source, base, join(folder, `tree-${index}`), host)).commit);
      made.push((await clonePatched(source, base, "https://example.com/", join(folder, `clone-${index}`), host)).commit);
    }
    expect(new Set(made)).toEqual(new Set(["9eeb731a29cb5fd9de24443c76d00af53bd8d48e"]));
    const options = { host, cwd: join(folder, "clone-0") };
    expect(await git(["status", "--porcelain", "--branch"], options)).toBe("## kovn");
    expect(await git(["rev-list", "--count", "HEAD"], options)).toBe("4");
  });

  test("are fetched once, and then need no upstream", async ({ folder }) => {
    const { source, upstream, work } = await prepare(folder, ({ ten }) => [[ten, ["tests/"]]]);
    await fetchBase(pinOf({ ...source, picks: [] }), { work, host });
    expect(await isComplete(pinOf(source), work)).toBe(false);
    const first = await fetch(source, work);
    await rename(upstream, join(folder, "away"));
    expect(await isComplete(pinOf(source), work)).toBe(true);
    expect(await fetch(source, work)).toEqual(first);
    await checkoutPatched(source, first, join(folder, "tree"), host);
  });

  test("are fetched again if somebody else changed their files in the mirror", async ({ folder }) => {
    const { source, upstream, work } = await prepare(folder, ({ code }) => [[code]]);
    const { repository } = await fetch(source, work);
    await inGit(folder, "clone", "--quiet", "upstream", "evil");
    await writeFiles(folder, { "evil/lib/code.c": "int evil;\n" });
    await commitAll(join(folder, "evil"), "Evil");
    const [good, evil] = [
      await inGit(upstream, "rev-parse", "next:lib/code.c"),
      await inGit(join(folder, "evil"), "rev-parse", "HEAD:lib/code.c"),
    ];
    const loose = (id: string) => `objects/${id.slice(0, 2)}/${id.slice(2)}`;
    const packs = join(folder, "packs");
    await rename(join(repository, "objects/pack"), packs);
    await execa("sh", [
      "-c",
      `for pack in "$1"/*.pack; do git -C "$2" unpack-objects -q <"$pack"; done`,
      "sh",
      packs,
      repository,
    ]);
    await execa("cp", ["-f", join(folder, "evil/.git", loose(evil)), join(repository, loose(good))]);
    expect(await inGit(repository, "cat-file", "blob", good).catch(() => "unreadable")).not.toBe("int fixed;");
    const base = await fetch(source, work);
    await checkoutPatched(source, base, join(folder, "tree"), host);
    expect(await readFile(join(folder, "tree/lib/code.c"), "utf8")).toBe("int fixed;\n");
  });
});

describe("a pick that does not apply", () => {
  const cases: readonly (readonly [name: string, picks: Picks, message: string, hint: string])[] = [
    [
      "because of a file that the pin lacks is named with it",
      ({ code, ten }) => [[code], [ten]],
      "(2 of 2 of `demo`) does not apply:\n  tests/all.txt: the tree does not have this file",
      "`without: [tests/all.txt]` in patches/1.0/demo/source.yaml if no package is built from it; else write a patch of your own instead of the pick",
    ],
    [
      "because of other lines is named with the file",
      ({ late }) => [[late]],
      "(1 of 1 of `demo`) does not apply:\n  lib/code.c: the tree has other lines here",
      "`without: [lib/code.c]`",
    ],
    [
      "because of a file that upstream renamed is named with it, for contents of its history are not fetched",
      ({ renamed }) => [[renamed]],
      "(1 of 1 of `demo`) does not apply:\n  lib/main.c: the tree does not have this file",
      "`without: [lib/main.c]`",
    ],
    [
      "because an earlier pick makes its change is named",
      ({ code, late }) => [[code], [late]],
      "(2 of 2 of `demo`) changes nothing: the pin or an earlier pick has this change already.",
      "remove the pick from patches/1.0/demo/source.yaml",
    ],
  ];
  test.for(cases)("%s, and leaves nothing behind", async ([, picks, message, hint], { folder }) => {
    const { source, work } = await prepare(folder, picks);
    const base = await fetch(source, work);
    const error = await checkoutPatched(source, base, join(folder, "tree"), host).catch((reason: unknown) => reason);
    const last = source.picks.at(-1)?.commit.slice(0, 12);
    expect(error).toMatchObject({
      code: "patch",
      message: `Pick \`${last}\` ${message}`,
      hint: expect.stringContaining(hint),
      at: [{ file: source.path, line: 6 + source.picks.length }],
    });
    expect(await exists(join(folder, "tree"))).toBe(false);
  });

  test("because it changes what the series changes is the reason that is named for the patch", async ({ folder }) => {
    const { source, next, work } = await prepare(folder, ({ greeting }) => [[greeting]]);
    const base = await fetch(source, work);
    await expect(checkoutPatched(source, base, join(folder, "tree"), host)).rejects.toMatchObject({
      code: "patch",
      message: `Patch \`world.patch\` (1 of 1 of \`demo\`) does not apply:\n  greeting.txt, hunk at line 1: conflicts with pick \`${next.greeting.slice(0, 12)}\``,
    });
  });
});

describe("a pick that cannot be taken", () => {
  const cases: readonly (readonly [name: string, picks: Picks, message: string, at: { line: number; column: number }])[] = [
    ["a merge", ({ merge }) => [[merge]], "is a merge commit", { line: 7, column: 15 }],
    ["nothing after `without`", ({ code }) => [[code, ["lib/"]]], "is left after `without`", { line: 7, column: 15 }],
    ["a path that it does not change", ({ code }) => [[code, ["docs/"]]], "does not change `docs/`", { line: 7, column: 81 }],
    [
      "part of a path",
      ({ code }) => [[code, ["lib/cod"]]],
      "does not change `lib/cod`. It changes lib/code.c.",
      { line: 7, column: 81 },
    ],
  ];
  test.for(cases)("is a fault of source.yaml: %s", async ([, picks, message, place], { folder }) => {
    const { source, work } = await prepare(folder, picks);
    const base = await fetch(source, work);
    await expect(checkoutPatched(source, base, join(folder, "tree"), host)).rejects.toMatchObject({
      code: "project",
      message: expect.stringContaining(message),
      at: [{ file: "patches/1.0/demo/source.yaml", ...place }],
    });
  });

  test("is a fault of source.yaml: an ancestor of the pin", async ({ folder }) => {
    const { source, upstream, work } = await prepare(folder, () => [[pin]]);
    await writeFiles(upstream, { "greeting.txt": "hello again\n" });
    const second = await commitAll(upstream, "Second");
    await writeFiles(upstream, { "greeting.txt": "hello once more\n" });
    const moved = { ...source, commit: await commitAll(upstream, "Third"), picks: [{ commit: second, why: "x", without: [] }] };
    const base = await fetch(moved, work);
    await expect(checkoutPatched(moved, base, join(folder, "tree"), host)).rejects.toMatchObject({
      code: "project",
      message: expect.stringContaining(`Pick \`${second.slice(0, 12)}\` is an ancestor of the pinned commit`),
    });
  });

  test("is not in the repository, or without its parent: the error says where, and what to type", async ({ folder }) => {
    const { source, upstream, work, next } = await prepare(folder, ({ code }) => [[code]]);
    const unknown = { ...source, picks: [{ commit: "1".repeat(40), why: "x", without: [] }] };
    await expect(fetch(unknown, work)).rejects.toMatchObject({
      code: "network",
      message: expect.stringContaining(
        `Pick \`${"1".repeat(12)}\` could not be fetched from repository ${upstream}. Commit ${"1".repeat(40)} could not`,
      ),
      hint: expect.stringContaining("--from SOURCE=PATH_OR_URL of a full clone"),
    });
    await inGit(upstream, "branch", "code", next.code);
    await inGit(folder, "clone", "--quiet", "--mirror", "--no-single-branch", "--depth=1", `file://${upstream}`, "shallow.git");
    await expect(fetch(source, work, join(folder, "shallow.git"))).rejects.toMatchObject({
      code: "network",
      message: expect.stringContaining("was fetched without its parent: the repository is a shallow clone."),
    });
  });
});
