import { cp, mkdtemp, realpath, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { readLock } from "../../../src/config/lock.ts";
import type { Source } from "../../../src/config/source.ts";
import type { Change } from "../../../src/patches/change/change.ts";
import { changeSource } from "../../../src/patches/change/change-source.ts";
import { dropPatches } from "../../../src/patches/change/drop.ts";
import { movePatch } from "../../../src/patches/change/move.ts";
import type { Preview } from "../../../src/patches/change/preview.ts";
import { renamePatch } from "../../../src/patches/change/rename.ts";
import { showPreview } from "../../../src/patches/change/show.ts";
import { changeContext, lockDemo, locksOf } from "../../helpers/change.ts";
import { contentOf } from "../../helpers/content.ts";
import { test } from "../../helpers/folder.ts";
import { rewrite } from "../../helpers/picks.ts";
import { demo, mail, makeProject, newFile, packaging, replaceLine, writeFiles } from "../../helpers/project.ts";

const page = "Documentation/topics/kube-ovn.rst";
/** Beside the two patches of the fixture, one that nothing needs, and a page on all of them. */
const files = {
  ...packaging,
  "docs/patches.md": "The greeting is in\n[greet-all](greet-all.patch).\n",
  [`${demo}/series`]: "# All.\ngreet-world.patch\n# For one.\none.patch\ngreet-all.patch\npage.patch\n",
  [`${demo}/one.patch`]: mail("One", replaceLine("lib/code.c", "int main;", "int one;"), {
    Fields: "Origin: vendor\nForwarded: no\nSeed: aaaaaaaaaa\nLast-Update: 2026-11-22",
  }),
  [`${demo}/page.patch`]: mail("The page", newFile(page, "Greetings.")),
  [`${demo}/greet-world.patch`]: mail("Greet the world", replaceLine("greeting.txt", "hello", "hello world")),
};

let made = "";
beforeAll(async () => {
  made = await realpath(await mkdtemp(join(tmpdir(), "kovn-test-")));
  await lockDemo(await makeProject(made, files));
});
afterAll(async () => rm(made, { recursive: true, force: true }));

/** A copy of the locked project; all copies have one upstream, which is in their mirror. */
async function copyProject(folder: string): Promise<string> {
  const project = join(folder, "project");
  await cp(join(made, "project"), project, { recursive: true });
  return project;
}

/** Changes the source, and returns what was shown, and the files of `patches/` when that was. */
async function change(project: string, plan: (source: Source) => Change | undefined, dryRun = false) {
  const shown: Preview[] = [];
  const result = await changeSource(plan, changeContext(project), { dryRun, show: (preview) => void shown.push(preview) });
  expect(shown).toEqual(result === undefined ? [] : [result]);
  return result;
}

const drop =
  (...names: readonly string[]) =>
  (source: Source) =>
    dropPatches(names, source);

describe("a source changes", () => {
  test("when a patch is dropped: series, revision, lock; its entry of the seed is lost", async ({ folder }) => {
    const project = await copyProject(folder);
    const before = await contentOf(join(project, demo));
    const preview = await change(project, drop("one"));
    const after = await contentOf(join(project, demo));
    expect(after).toEqual({
      ...before,
      "one.patch": undefined,
      series: "# All.\ngreet-world.patch\ngreet-all.patch\npage.patch\n",
      "source.yaml": before["source.yaml"]?.replace("revision: 1", "revision: 2"),
    });
    const lockOf = async (root: string) => (await readLock(changeContext(root).project, "1.0"))?.sources["demo"];
    const [[base, was] = ["", undefined]] = Object.entries((await lockOf(join(made, "project")))?.bases ?? {});
    const { is, expected } = await locksOf(project);
    expect(is).toEqual(expected);
    const lock = [{ base, before: was?.packaged?.commit, after: is?.bases[base]?.packaged?.commit }];
    expect(preview).toMatchObject({
      revision: { before: 1, after: 2 },
      patches: [{ name: "one.patch", change: "dropped" }],
      lock,
      lost: [{ entry: 1, seed: "aaaaaaaaaa", title: "Greet the world" }],
    });
    expect(preview?.notes).toEqual([
      "`series` loses the comment above the patch: # For one.",
      `If ${page} describes what is dropped: kovn-build patches edit demo page --line 1.0`,
    ]);
    expect(preview === undefined ? "" : showPreview(preview)).toContain(
      "demo, line 1.0: revision 1 to 2\n  dropped  one.patch\n  lock     git:6ed1afa7a74a  ",
    );
  });

  test("after it was shown, and not at all with a dry run", async ({ folder }) => {
    const project = await copyProject(folder);
    const before = await contentOf(join(project, "patches"));
    let seen: Promise<unknown> = Promise.resolve();
    const show = () => void (seen = contentOf(join(project, "patches")));
    await changeSource(drop("one"), changeContext(project), { dryRun: true, show });
    expect(await seen).toEqual(before);
    expect(await contentOf(join(project, "patches"))).toEqual(before);
    const wrong = changeSource(drop("one"), changeContext(project), {
      dryRun: false,
      show: () => {
        throw new Error("nothing is written before it is shown");
      },
    });
    await expect(wrong).rejects.toThrow("nothing is written");
    expect(await contentOf(join(project, "patches"))).toEqual(before);
  });

  test("when a packaging patch is dropped, or a patch is moved", async ({ folder }) => {
    const project = await copyProject(folder);
    await change(project, drop("packaging/greet-packages"));
    expect(await contentOf(join(project, demo, "packaging"))).toEqual({ series: "\n" });
    const preview = await change(project, (source) => movePatch("page", { kind: "to", number: 1 }, source));
    expect(preview?.patches).toEqual([{ name: "page.patch", change: "moved", series: "series", from: 4, to: 1 }]);
    expect((await contentOf(join(project, demo)))["series"]).toBe(
      "# All.\npage.patch\ngreet-world.patch\n# For one.\none.patch\ngreet-all.patch\n",
    );
    const { is, expected } = await locksOf(project);
    expect(is).toEqual(expected);
    expect(is?.revision).toBe(3);
  });

  test("when a patch is renamed, which needs no upstream; the commits stay", async ({ folder }) => {
    const project = await makeProject(folder, files);
    const { bases } = await lockDemo(project);
    const before = await contentOf(join(project, demo));
    await rm(join(project, ".kovn"), { recursive: true });
    await rename(join(folder, "upstream"), join(folder, "away"));
    const preview = await change(project, (source) => renamePatch("greet-all", "greet-everyone", source));
    const after = await contentOf(join(project, demo));
    expect(after["greet-everyone.patch"]).toBe(before["greet-all.patch"]);
    expect(after["greet-all.patch"]).toBeUndefined();
    expect(after["series"]).toBe(before["series"]?.replace("greet-all", "greet-everyone"));
    expect(preview?.notes).toEqual(["`greet-all.patch` is also named in docs/patches.md:2. Correct these by hand."]);
    await rename(join(folder, "away"), join(folder, "upstream"));
    const { is, expected } = await locksOf(project);
    expect(is).toEqual(expected);
    expect(is?.bases).toEqual(bases);
    expect(is?.revision).toBe(2);
  });

  test("in a line without a lock, which stays without one", async ({ folder }) => {
    const project = await copyProject(folder);
    await rm(join(project, "patches/1.0/lock.json"));
    const preview = await change(project, drop("one"));
    expect(preview).not.toHaveProperty("lock");
    expect(await contentOf(join(project, "patches/1.0"))).not.toHaveProperty(["lock.json"]);
    await expect(change(project, drop("greet-world"))).rejects.toThrow("needs `greet-world.patch`");
  });

  test("not when nothing changes", async ({ folder }) => {
    const project = await copyProject(folder);
    expect(await change(project, (source) => movePatch("page", { kind: "to", number: 4 }, source))).toBeUndefined();
  });
});

describe("nothing is written", () => {
  test("when the series does not apply without a patch, or in that order", async ({ folder }) => {
    const project = await copyProject(folder);
    const before = await contentOf(join(project, "patches"));
    const refusal = async (plan: (source: Source) => Change | undefined) =>
      changeSource(plan, changeContext(project), { dryRun: false, show: () => expect.fail("it was shown") }).catch(
        (error: unknown) => error,
      );
    expect(await refusal(drop("one", "greet-world"))).toMatchObject({
      code: "patch",
      message:
        "Without `one.patch`, `greet-world.patch`, the series of `demo` does not apply, so nothing is written.\n" +
        "Patch `greet-all.patch` (1 of 3 of `demo`) does not apply:\n" +
        "  greeting.txt, hunk at line 1: needs `greet-world.patch`",
      at: [{ file: join(project, demo, "greet-all.patch") }],
    });
    expect(await refusal(drop("greet-all"))).toMatchObject({
      message: expect.stringContaining("greeting.txt, hunk at line 1: needs `greet-all.patch`") as string,
    });
    expect(await refusal((source) => movePatch("greet-all", { kind: "before", patch: "greet-world" }, source))).toMatchObject({
      code: "patch",
      message: expect.stringMatching(
        /^In that order, the series .*\n.*greet-all.*\n {2}greeting.txt, hunk at line 1: needs later patch `greet-world.patch`$/,
      ) as string,
    });
    expect(await contentOf(join(project, "patches"))).toEqual(before);
  });

  test("when the series differs from its lock", async ({ folder }) => {
    const project = await copyProject(folder);
    await rewrite(join(project, demo, "series"), (text) => text.replace("page.patch\n", ""));
    await writeFiles(project, { [`${demo}/page.patch`]: undefined });
    await expect(change(project, drop("one"))).rejects.toMatchObject({
      code: "project",
      message: expect.stringContaining("does not match the lock.\nPatch `page.patch` was dropped since the lock.") as string,
      hint: "kovn-build patches lock --line 1.0, then this command again",
    });
  });

  test("when the pin cannot be reached", async ({ folder }) => {
    const project = await makeProject(folder, files);
    await rename(join(folder, "upstream"), join(folder, "away"));
    const before = await contentOf(join(project, "patches"));
    await expect(change(project, drop("one"))).rejects.toMatchObject({ code: "network", hint: "--from demo=PATH_OR_URL" });
    expect(await contentOf(join(project, "patches"))).toEqual(before);
  });

  test("in the middle of a rebase or an edit", async ({ folder }) => {
    const project = await copyProject(folder);
    const state = { schema: 1, line: "1.0", source: "demo", before: "", moved: [] };
    const rebase = { ...state, onto: { name: "next", commit: "a".repeat(40) } };
    await writeFiles(project, { ".kovn/rebase/1.0-demo/state.json": JSON.stringify(rebase) });
    await expect(change(project, drop("one"))).rejects.toMatchObject({
      code: "usage",
      message: "The rebase of `demo` onto `next` is not finished.",
      hint: "kovn-build patches rebase demo --continue --line 1.0, or with --abort instead",
    });
    await writeFiles(project, { ".kovn/rebase/1.0-demo/state.json": undefined });
    await writeFiles(project, { ".kovn/edit/1.0-demo/state.json": JSON.stringify({ ...state, patch: "one.patch" }) });
    await expect(change(project, drop("one"))).rejects.toMatchObject({
      message: "The edit of `one.patch` of `demo` is not finished.",
      hint: "kovn-build patches edit demo --continue --line 1.0, or with --abort instead",
    });
  });
});
