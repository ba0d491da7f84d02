import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { readLock } from "../../../src/config/lock.ts";
import { readSource } from "../../../src/config/source.ts";
import type { Preview } from "../../../src/patches/change/preview.ts";
import type { ChangeContext } from "../../../src/patches/change/ready.ts";
import { abortEdit, endUntouched, finishEdit, openEdit, type EditEnd } from "../../../src/patches/edit/edit.ts";
import { lockDifferences } from "../../../src/patches/lock.ts";
import { digestOf } from "../../../src/patches/rebase/digest.ts";
import { makeApt } from "../../helpers/apt.ts";
import { changeContext, lockDemo, locksOf } from "../../helpers/change.ts";
import { contentOf } from "../../helpers/content.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { rewrite } from "../../helpers/picks.ts";
import { commitAll, demo, inGit, mail, makeProject, replaceLine, sourceYaml, writeFiles } from "../../helpers/project.ts";
import { line, lines, makeRebase, type RebaseFixture } from "../../helpers/rebase.ts";
import { fields } from "../../helpers/tree.ts";

/** `roman` changes the line of `ten`; the others are on their own. */
const fixture: RebaseFixture = {
  files: { f: lines(20), "debian/rules": "all:\n" },
  next: [],
  series: [
    { name: "one.patch", subject: "One", edits: { f: line("1", "one") } },
    { name: "ten.patch", subject: "Ten", edits: { f: line("10", "ten") } },
    { name: "roman.patch", subject: "Roman", edits: { f: line("ten", "X") } },
    { name: "end.patch", subject: "End", edits: { f: line("20", "end") } },
  ],
  project: {
    [`${demo}/packaging/series`]: "rules.patch\n",
    [`${demo}/packaging/rules.patch`]: mail("Rules", replaceLine("debian/rules", "all:", "some:")),
  },
};

let made = "";
beforeAll(async () => {
  made = await realpath(await mkdtemp(join(tmpdir(), "kovn-test-")));
  await lockDemo((await makeRebase(made, fixture)).project);
});
afterAll(async () => rm(made, { recursive: true, force: true }));

/** A copy of the locked project; all copies have one upstream. */
async function prepare(folder: string) {
  const project = join(folder, "project");
  await cp(join(made, "project"), project, { recursive: true });
  const tree = join(project, ".kovn/edit/1.0-demo/tree");
  const source = join(project, demo);
  return { project, tree, source, context: changeContext(project), before: await contentOf(source) };
}

async function finish(context: ChangeContext, skip = false): Promise<EditEnd> {
  const shown: Preview[] = [];
  const end = await finishEdit(context, { skip, show: (preview) => void shown.push(preview) });
  expect(shown).toEqual(end.kind === "written" ? [end.preview] : []);
  return end;
}

/** The rows of an edit that was written. */
function rowsOf(end: EditEnd): readonly string[] {
  return end.kind === "written" ? end.preview.patches.map(({ name, change }) => `${change} ${name}`) : [end.kind];
}

function isClean(project: string): boolean {
  return !existsSync(join(project, ".kovn/edit/1.0-demo/state.json")) && !existsSync(join(project, ".kovn/edit/1.0-demo/tree"));
}

/** The lock is that of the series; an edit itself compares trees. */
async function expectLocked(project: string): Promise<void> {
  const { project: where, line: of, name } = changeContext(project);
  const lock = await readLock(where, of);
  expect(lockDifferences(await readSource(where, of, name, host), lock?.sources[name])).toEqual([]);
}

describe("an edited patch", () => {
  test("gets what was changed and not committed; later patches stay on top, as they were", async ({ folder }) => {
    const { project, tree, source, context, before } = await prepare(folder);
    const open = await openEdit("ten", context);
    expect(open).toMatchObject({ tree, place: 2, of: 5, state: { patch: "ten.patch" } });
    expect(await inGit(tree, "log", "--format=%s", "-2")).toBe("Ten\nOne");
    await rewrite(join(tree, "f"), line("5", "five"));
    await writeFiles(tree, { "new.txt": "new\n" });
    await inGit(tree, "add", "new.txt");
    expect(rowsOf(await finish(context))).toEqual(["changed ten.patch"]);
    const after = await contentOf(source);
    const { "ten.patch": patch, ...others } = after;
    expect(patch).toMatch(/^\+five$/m);
    expect(patch).toMatch(/^\+new$/m);
    expect(patch).toContain(fields);
    expect({ ...others, "ten.patch": before["ten.patch"] }).toEqual({
      ...before,
      "source.yaml": before["source.yaml"]?.replace("revision: 1", "revision: 2"),
    });
    expect(isClean(project)).toBe(true);
    const { is, expected } = await locksOf(project);
    expect(is).toEqual(expected);
  });

  test("makes later patches merge; a person resolves those that conflict", async ({ folder }) => {
    const { project, tree, source, context, before } = await prepare(folder);
    await openEdit("ten", context);
    await rewrite(join(tree, "f"), line("ten", "tenth"));
    const stopped = { kind: "stopped", patch: "roman.patch", edited: "ten.patch", tree, files: ["f"] };
    expect(await finish(context)).toEqual(stopped);
    await expect(finish(context)).rejects.toThrow("Patch `roman.patch` is not merged: conflicts are left in f.");
    await writeFile(join(tree, "f"), line("10", "Xth")(line("1", "one")(lines(20))));
    await inGit(tree, "add", "f");
    await inGit(tree, "rerere");
    await abortEdit(context);
    expect(await contentOf(source)).toEqual(before);
    // What was resolved once is resolved again.
    await openEdit("ten", context);
    await rewrite(join(tree, "f"), line("ten", "tenth"));
    expect(rowsOf(await finish(context))).toEqual(["changed ten.patch", "changed roman.patch"]);
    const after = await contentOf(source);
    expect(after["roman.patch"]).toContain("\n-tenth\n+Xth\n");
    expect(after["end.patch"]).toBe(before["end.patch"]);
    expect(isClean(project)).toBe(true);
    await expectLocked(project);
  });

  test("becomes several patches, one for each commit; each must have its fields", async ({ folder }) => {
    const { project, tree, source, context, before } = await prepare(folder);
    await openEdit(`patches/1.0/demo/ten.patch`, context);
    await rewrite(join(tree, "f"), line("5", "five"));
    await commitAll(tree, "End");
    await expect(finish(context)).rejects.toThrow("cannot be written as a patch: it lacks Origin, Forwarded, Seed.");
    expect(await contentOf(source)).toEqual(before);
    await inGit(tree, "commit", "--quiet", "--amend", "--message", `End\n\nWhy.\n\n${fields}`);
    expect(rowsOf(await finish(context))).toEqual(["added end-2.patch"]);
    const after = await contentOf(source);
    expect(after["series"]).toBe("one.patch\nten.patch\nend-2.patch\nroman.patch\nend.patch\n");
    expect(after["ten.patch"]).toBe(before["ten.patch"]);
    await expectLocked(project);
  });

  test("keeps its name with another subject, and goes when its commit does", async ({ folder }) => {
    const { project, tree, source, context } = await prepare(folder);
    await openEdit("ten", context);
    await rewrite(join(tree, "f"), line("ten", "TEN"));
    await inGit(tree, "commit", "--quiet", "--amend", "--all", "--message", `Another subject\n\nWhy.\n\n${fields}`);
    expect(await finish(context)).toMatchObject({ kind: "stopped", patch: "roman.patch" });
    expect(rowsOf(await finish(context, true))).toEqual(["changed ten.patch", "dropped roman.patch"]);
    expect((await contentOf(source))["ten.patch"]).toContain("Subject: [PATCH] Another subject\n");
    await openEdit("one.patch", context);
    await inGit(tree, "reset", "--quiet", "--hard", "HEAD~");
    expect(rowsOf(await finish(context))).toEqual(["dropped one.patch"]);
    expect((await contentOf(source))["series"]).toBe("ten.patch\nend.patch\n");
    await expectLocked(project);
  });

  test("takes in a later patch, which is dropped then", async ({ folder }) => {
    const { project, tree, source, context } = await prepare(folder);
    await openEdit("one", context);
    await rewrite(join(tree, "f"), line("20", "end"));
    expect(rowsOf(await finish(context))).toEqual(["changed one.patch", "dropped end.patch"]);
    expect((await contentOf(source))["series"]).toBe("one.patch\nten.patch\nroman.patch\n");
    await expectLocked(project);
  });

  test("can be a packaging patch, above the series", async ({ folder }) => {
    const { project, tree, source, context, before } = await prepare(folder);
    await openEdit("packaging/rules", context);
    expect(await readFile(join(tree, "f"), "utf8")).toContain("\nX\n");
    await writeFile(join(tree, "debian/rules"), "none:\n");
    await inGit(tree, "commit", "--quiet", "--all", "--message", `More rules\n\nWhy.\n\n${fields}`);
    expect(rowsOf(await finish(context))).toEqual(["added packaging/more-rules.patch"]);
    const after = await contentOf(source);
    expect(after["packaging/series"]).toBe("rules.patch\nmore-rules.patch\n");
    expect(after["series"]).toBe(before["series"]);
    await expectLocked(project);
  });

  test("must fit the alternates too; the person changes it again", async ({ folder }) => {
    const apt = await makeApt(join(folder, "debian"));
    const project = await makeProject(folder, { [`${demo}/source.yaml`]: sourceYaml(join(folder, "upstream"), apt.alternates) });
    const context = { ...changeContext(project), host: { ...host, env: { PATH: apt.path } } };
    const before = await contentOf(join(project, demo));
    const { tree } = await openEdit("greet-all", context);
    await writeFiles(tree, { "debian/changelog": "mine\n" });
    await inGit(tree, "add", "--all");
    await expect(finish(context)).rejects.toMatchObject({
      code: "patch",
      message: expect.stringMatching(
        /so nothing is written\.\n.*greet-all.*\n.*debian\/changelog: upstream has such a file\nThis is alternate Debian's demo-source 1.2.3-1\.$/,
      ) as string,
      hint: `change it in ${tree}, then kovn-build patches edit demo --continue --line 1.0, or with --abort instead`,
    });
    expect(await contentOf(join(project, demo))).toEqual(before);
    await inGit(tree, "mv", "debian/changelog", "other");
    expect(rowsOf(await finish(context))).toEqual(["changed greet-all.patch"]);
    expect((await contentOf(join(project, demo)))["greet-all.patch"]).toContain("+++ b/other\n");
  });
});

describe("an edit ends without a change", () => {
  test("when nothing was changed, and when it is aborted", async ({ folder }) => {
    const { project, tree, source, context, before } = await prepare(folder);
    const open = await openEdit("ten", context);
    expect(await endUntouched(open, context)).toBe(true);
    expect(isClean(project)).toBe(true);
    await openEdit("ten", context);
    expect(await finish(context)).toEqual({ kind: "unchanged", patch: "ten.patch" });
    expect(isClean(project)).toBe(true);
    const other = await openEdit("ten", context);
    await writeFiles(tree, { "new.txt": "new\n" });
    expect(await endUntouched(other, context)).toBe(false);
    expect(await abortEdit(context)).toMatchObject({ patch: "ten.patch" });
    expect(isClean(project)).toBe(true);
    expect(await contentOf(source)).toEqual(before);
    await expect(finish(context)).rejects.toThrow("No edit of `demo` is unfinished.");
    await expect(abortEdit(context)).rejects.toThrow("No edit of `demo` is unfinished.");
  });

  test("when the patch does not exist, or another edit is not finished", async ({ folder }) => {
    const { project, context } = await prepare(folder);
    await expect(openEdit("none", context)).rejects.toThrow("Source `demo` has no patch `none`.");
    expect(isClean(project)).toBe(true);
    await openEdit("ten", context);
    await expect(openEdit("one", context)).rejects.toMatchObject({
      message: "The edit of `ten.patch` of `demo` is not finished.",
      hint: "kovn-build patches edit demo --continue --line 1.0, or with --abort instead",
    });
  });
});

describe("an edit is not taken", () => {
  test("with files in no commit, a change that belongs to no commit, or changed commits below", async ({ folder }) => {
    const { tree, source, context, before } = await prepare(folder);
    await openEdit("ten", context);
    await writeFiles(tree, { "new.txt": "new\n" });
    await expect(finish(context)).rejects.toThrow(`These files in ${tree} are in no commit: new.txt.`);
    await commitAll(tree, `New\n\nWhy.\n\n${fields}`);
    await rewrite(join(tree, "f"), line("5", "five"));
    await expect(finish(context)).rejects.toThrow("has uncommitted changes, and not one commit that they belong to");
    await inGit(tree, "reset", "--quiet", "--hard", "HEAD~3");
    await expect(finish(context)).rejects.toThrow("commits below patch `ten.patch` changed.");
    await inGit(tree, "checkout", "--quiet", "HEAD~0");
    await expect(finish(context)).rejects.toThrow("is on no branch");
    expect(await contentOf(source)).toEqual(before);
  });

  test("when the source changed meanwhile", async ({ folder }) => {
    const { project, tree, source, context } = await prepare(folder);
    await openEdit("ten", context);
    await rewrite(join(tree, "f"), line("5", "five"));
    await writeFiles(project, { [`${demo}/notes.txt`]: "new\n" });
    const before = await contentOf(source);
    await expect(finish(context)).rejects.toThrow("patches/1.0/demo changed since the edit began");
    expect(await contentOf(source)).toEqual(before);
    expect(existsSync(tree)).toBe(true);
  });
});

describe("an edit that was killed", () => {
  test("before its tree was complete, begins again", async ({ folder }) => {
    const { project, context } = await prepare(folder);
    await openEdit("ten", context);
    const state = join(project, ".kovn/edit/1.0-demo/state.json");
    const { tree: _, ...rest } = JSON.parse(await readFile(state, "utf8")) as { tree: object };
    await writeFile(state, JSON.stringify(rest));
    await expect(finish(context)).rejects.toMatchObject({
      message: "The edit of `ten.patch` was killed before its tree was complete.",
      hint: "kovn-build patches edit demo ten.patch --line 1.0",
    });
    expect(isClean(project)).toBe(true);
  });

  test("while git read what the person made, goes on", async ({ folder }) => {
    const { project, tree, context } = await prepare(folder);
    await openEdit("ten", context);
    await rewrite(join(tree, "f"), line("5", "five"));
    await rewrite(join(project, ".kovn/edit/1.0-demo/state.json"), (text) => text.replace('"moved"', '"taking": true, "moved"'));
    await writeFile(join(tree, ".git/index.lock"), "");
    expect(rowsOf(await finish(context))).toEqual(["changed ten.patch"]);
    await openEdit("ten", context);
    await rewrite(join(tree, "f"), line("6", "six"));
    // That of a person's git is theirs.
    await writeFile(join(tree, ".git/index.lock"), "");
    await expect(finish(context)).rejects.toThrow("index.lock");
  });

  test("after it replaced the series and before it locked it, locks it", async ({ folder }) => {
    const { project, tree, source, context } = await prepare(folder);
    const [lock, edit] = [join(project, "patches/1.0/lock.json"), join(project, ".kovn/edit/1.0-demo")];
    await openEdit("ten", context);
    await rewrite(join(tree, "f"), line("5", "five"));
    await cp(edit, join(folder, "edit"), { recursive: true, verbatimSymlinks: true });
    const old = await readFile(lock);
    await finish(context);
    const after = await contentOf(source);
    await writeFile(lock, old);
    await rm(edit, { recursive: true });
    await cp(join(folder, "edit"), edit, { recursive: true, verbatimSymlinks: true });
    const written = `"written": "${await digestOf(source)}", "moved"`;
    await rewrite(join(edit, "state.json"), (text) => text.replace('"moved"', written));
    await expect(abortEdit(context)).rejects.toThrow("is written already; only its end is missing.");
    expect(await finish(context)).toEqual({ kind: "was-written", patch: "ten.patch" });
    expect(await contentOf(source)).toEqual(after);
    expect(isClean(project)).toBe(true);
    await expectLocked(project);
  });
});
