import { existsSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { beginRebase } from "../../../src/patches/rebase/begin.ts";
import { folderOf } from "../../../src/patches/rebase/lock.ts";
import { drawPicture } from "../../../src/patches/rebase/picture.ts";
import { abortRebase, readProgress, rebase, type Finished, type Progress } from "../../../src/patches/rebase/rebase.ts";
import { sumOf } from "../../../src/patches/rebase/rows.ts";
import { showFinished, showProgress } from "../../../src/patches/rebase/show-progress.ts";
import { showPicture } from "../../../src/patches/rebase/show.ts";
import { contentOf } from "../../helpers/content.ts";
import { test } from "../../helpers/folder.ts";
import { picksYaml } from "../../helpers/picks.ts";
import { commitAll, demo, inGit, sourceYaml, writeFiles } from "../../helpers/project.ts";
import {
  contextOf,
  threeRoots,
  line,
  lines,
  makeRebase,
  resolveConflicts,
  root,
  statePath,
  treePath,
  type RebaseFixture,
} from "../../helpers/rebase.ts";

const twenty = lines(20);
const oneRoot: RebaseFixture = { ...threeRoots, series: threeRoots.series.slice(0, 1) };

async function go(project: string, kind: "begin" | "continue" | "skip"): Promise<Progress | Finished> {
  return rebase(kind === "begin" ? { kind, onto: "next" } : { kind }, contextOf(project));
}

/** The patch that waits, or what became of each patch. */
function outcome(done: Progress | Finished): string | undefined | readonly string[] {
  return "rangeDiff" in done ? done.state.moved.map(({ name, result }) => `${name} ${result}`) : done.state.stopped;
}

async function table(project: string) {
  const picture = await drawPicture("next", contextOf(project));
  const rows = picture.patches.map(({ name, status, follows = [] }) => [name, status, ...follows].join(" "));
  return { rows, sum: sumOf(picture), text: showPicture(picture) };
}

describe("a conflict that was resolved", () => {
  test("is taken again, the dry run says so, and the patches that follow it need nothing", async ({ folder }) => {
    const { project } = await makeRebase(folder, threeRoots);
    const before = await contentOf(join(project, "patches"));
    const first = await table(project);
    expect(first.sum).toMatchObject({ conflicts: 7, toResolve: 3, resolved: 0 });
    expect(first.text).toContain("7 patches: 7 conflicts, 3 to resolve\n");
    expect(outcome(await go(project, "begin"))).toBe("a.patch");
    await resolveConflicts(project);
    expect(outcome(await go(project, "continue"))).toBe("b.patch");
    // While the rebase waits.
    const { rows, sum, text } = await table(project);
    expect(rows).toEqual([
      "a.patch resolved",
      ...["b", "c"].map((file) => `${file}.patch conflicts`),
      "a-3.patch unchanged",
      "a-8.patch unchanged",
      ...["b-3", "c-5"].map((name) => `${name}.patch follows ${name[0]}.patch`),
    ]);
    expect(sum).toMatchObject({ unchanged: 2, conflicts: 5, toResolve: 2, resolved: 1 });
    expect(text).toContain("a.patch    upstream changed these lines; resolved before, which git takes again\n");
    expect(text).toContain("         a, line 10: resolved before\n");
    expect(text).toContain("7 patches: 2 unchanged, 5 conflicts, 2 to resolve, 1 resolved before\n");
    await resolveConflicts(project);
    expect(outcome(await go(project, "continue"))).toBe("c.patch");
    await resolveConflicts(project);
    await inGit(join(project, treePath), "rerere");
    await abortRebase(contextOf(project));
    const last = await table(project);
    expect(last.sum).toMatchObject({ unchanged: 4, conflicts: 3, toResolve: 0, resolved: 3 });
    expect(await contentOf(join(project, "patches"))).toEqual(before);
    expect(outcome(await go(project, "begin"))).toEqual(
      threeRoots.series.map(({ name }, index) => `${name} ${index < 3 ? "resolved" : "moved"}`),
    );
  });

  test("is not learned by the dry run itself, and the rest of its patch is still shown", async ({ folder }) => {
    const both = { a: line("10", "10\nmore"), b: line("10", "10\nmore") };
    const { project } = await makeRebase(folder, {
      ...threeRoots,
      series: [{ name: "both.patch", subject: "Both", edits: both }],
    });
    await go(project, "begin");
    const tree = join(project, treePath);
    await writeFile(join(tree, "a"), line("10", "ten of a\nmore")(twenty));
    await inGit(tree, "add", "a");
    await inGit(tree, "rerere");
    await abortRebase(contextOf(project));
    const cache = await contentOf(join(folderOf(contextOf(project)), "rr-cache"));
    const picture = await drawPicture("next", contextOf(project));
    expect(picture.patches[0]).toMatchObject({
      status: "conflicts",
      hunks: [
        { file: "b", line: 10, cause: "changed" },
        { file: "a", line: 10, cause: "resolved" },
      ],
    });
    expect(await contentOf(join(folderOf(contextOf(project)), "rr-cache"))).toEqual(cache);
  });
});

/** A project with three picks: one that conflicts with the new base, one on top of it, and one that applies. */
async function makePicks(folder: string) {
  const fixture: RebaseFixture = {
    files: { f: twenty, g: twenty },
    next: [{ subject: "Ten", edits: { f: line("10", "ten") } }],
    series: [{ name: "fifteen.patch", subject: "Fifteen", edits: { g: line("15", "fifteen") } }],
  };
  const { project, upstream, pin } = await makeRebase(folder, fixture);
  await inGit(upstream, "checkout", "--quiet", "-b", "other", pin);
  const added = root("f").edits["f"]?.(twenty) ?? "";
  await writeFiles(upstream, { f: added });
  const block = await commitAll(upstream, "Add a block\n\nFor a reason.\n\nSigned-off-by: U <u@example.com>");
  await writeFiles(upstream, { f: line("block 5", "other 5")(added) });
  const five = await commitAll(upstream, "Change block 5");
  await writeFiles(upstream, { g: line("1", "one")(twenty) });
  const one = await commitAll(upstream, "One");
  const yaml = sourceYaml(upstream, picksYaml([block], [five], [one])).replace(/commit: .*/, `commit: ${pin}`);
  await writeFiles(project, { [`${demo}/source.yaml`]: yaml });
  return { project, picks: { block, five, one } };
}

describe("a pick that does not apply to the new base", () => {
  test("waits for a person, and becomes a patch with its origin", async ({ folder }) => {
    const { project, picks } = await makePicks(folder);
    const [block, five, one] = [picks.block, picks.five, picks.one].map((id) => id.slice(0, 12));
    const picture = await drawPicture("next", contextOf(project));
    expect(picture.picks).toMatchObject([
      { status: "conflicts", hunks: [{ file: "f", line: 10, cause: "changed" }] },
      { status: "follows", follows: [`pick ${block}`], hunks: [{ file: "f", follows: `pick ${block}` }] },
      { status: "applies", hunks: [] },
    ]);
    const text = showPicture(picture);
    expect(text).toContain(
      `    1  ${block}  upstream changed these lines; becomes a patch  (fix 1)\n         f, line 10: upstream`,
    );
    expect(text).toContain(`    2  ${five}  follows \`pick ${block}\`; becomes a patch  (fix 2)\n`);
    expect(text).toContain(`    3  ${one}  applies  (fix 3)\n`);
    expect(text).toContain("1 patch: 1 unchanged, no conflicts, 1 pick to resolve\n");
    const stop = await go(project, "begin");
    expect(outcome(stop)).toBe("add-a-block.patch");
    expect("tree" in stop && showProgress(stop)).toContain(`    1  add-a-block.patch     conflicts (pick ${block})\n`);
    const { from, onto } = picture;
    const since = `${from.commit.slice(0, 12)}..${onto.commit.slice(0, 12)}`;
    expect("tree" in stop && showProgress(stop)).toContain(` log -p ${since} -- FILE  shows what upstream changed\n`);
    expect(await readFile(join(project, treePath, "f"), "utf8")).toContain("9\n<<<<<<< ours\nten\n=======\n10\nblock 0\n");
    await resolveConflicts(project);
    const done = await go(project, "continue");
    expect(outcome(done)).toEqual(["add-a-block.patch resolved", "change-block-5.patch moved", "fifteen.patch moved"]);
    expect("rangeDiff" in done && showFinished(done)).toContain(`    1  add-a-block.patch     resolved (pick ${block})\n`);
    const files = await contentOf(join(project, demo));
    expect(files["series"]).toBe("add-a-block.patch\nchange-block-5.patch\nfifteen.patch\n");
    expect(files["source.yaml"]).toContain(`picks:\n  - { commit: ${picks.one}, why: "fix 3" }\n`);
    expect(files["source.yaml"]).not.toContain(picks.block);
    const fields = `(cherry picked from commit ${picks.block})\nOrigin: backport, ${picks.block}\nForwarded: not-needed\nSeed: none\nLast-Update: 2023-11-14\n---\n`;
    expect(files["add-a-block.patch"]).toContain(`\n\nFor a reason.\n\nSigned-off-by: U <u@example.com>\n${fields}`);
    expect(files["add-a-block.patch"]).toContain("\n ten\n+block 0\n");
    expect(files["change-block-5.patch"]).toContain("\n-block 5\n+other 5\n");
  });

  test("can be skipped, and is resolved once", async ({ folder }) => {
    const { project, picks } = await makePicks(folder);
    await go(project, "begin");
    await resolveConflicts(project);
    await inGit(join(project, treePath), "rerere");
    await abortRebase(contextOf(project));
    const { picks: again } = await drawPicture("next", contextOf(project));
    expect(again.map(({ status }) => status)).toEqual(["resolved", "merges", "applies"]);
    await rm(folderOf(contextOf(project)), { recursive: true });
    await go(project, "begin");
    expect(outcome(await go(project, "skip"))).toBe("change-block-5.patch");
    expect(outcome(await go(project, "skip"))).toContain("fifteen.patch moved");
    const files = await contentOf(join(project, demo));
    expect(files["series"]).toBe("fifteen.patch\n");
    expect(files["source.yaml"]).toContain(`picks:\n  - { commit: ${picks.one}, why: "fix 3" }\n`);
  });
});

describe("a rebase", () => {
  test("says which commits of the old pin the new base lacks, also by subject", async ({ folder }) => {
    const { project } = await makeRebase(folder, {
      files: { f: twenty },
      next: [{ subject: "Everywhere", edits: { f: line("1", "uno") } }],
      side: [
        { subject: "Everywhere", edits: { f: line("1", "one") } },
        { subject: "Only here", edits: { f: line("2", "two") } },
        { subject: "Release", edits: { NEWS: () => "1.2.4\n" } },
      ],
      series: [],
    });
    const picture = await drawPicture("next", contextOf(project));
    expect(picture).toMatchObject({ ahead: 1, behind: 3, lost: [{ subject: "Only here" }] });
    expect(showPicture(picture)).toMatch(
      /\n {2}1 commit of upstream; the old pin has 3 commits that it lacks, 1 of them also by subject:\n {4}\w{12} Only here\n/,
    );
    const done = await go(project, "begin");
    expect("rangeDiff" in done && showFinished(done)).toContain(" Only here\n");
  });

  test("goes on when it was killed before its work tree was complete", async ({ folder }) => {
    const { project } = await makeRebase(folder, oneRoot);
    const context = contextOf(project);
    await beginRebase("next", folderOf(context), context);
    const progress = await readProgress(context);
    expect(progress === undefined ? "" : showProgress(progress)).toContain("), its work tree is not made yet\n");
    expect(outcome(await go(project, "continue"))).toBe("a.patch");
  });

  test("refuses what git would lose, and a work tree that is gone", async ({ folder }) => {
    const { project } = await makeRebase(folder, oneRoot);
    await go(project, "begin");
    await resolveConflicts(project);
    await writeFiles(join(project, treePath), { "new/file": "x", ".gitignore": "*.o\n", "x.o": "x" });
    await expect(go(project, "continue")).rejects.toMatchObject({
      code: "usage",
      message: "Patch `a.patch` would lack what git does not know: .gitignore, new/.",
      hint: expect.stringContaining("add FILES") as string,
    });
    await rm(join(project, treePath), { recursive: true });
    const gone = { code: "usage", message: expect.stringContaining("The work tree of the rebase is gone: ") as string };
    await expect(go(project, "continue")).rejects.toMatchObject(gone);
    await expect(readProgress(contextOf(project))).rejects.toMatchObject(gone);
    await abortRebase(contextOf(project));
    expect(outcome(await go(project, "begin"))).toBe("a.patch");
  });

  test("refuses what is not a commit", async ({ folder }) => {
    const { project, upstream } = await makeRebase(folder, oneRoot);
    await inGit(upstream, "tag", "--annotate", "--message=x", "v2", "next");
    const tag = await inGit(upstream, "rev-parse", "v2");
    await inGit(upstream, "tag", "text", await inGit(upstream, "rev-parse", "next:a"));
    for (const [name, type] of [
      [tag, "tag"],
      ["text", "blob"],
    ] as const)
      await expect(drawPicture(name, contextOf(project))).rejects.toMatchObject({
        code: "usage",
        message: `\`${name}\` is a ${type}, not a commit.`,
      });
  });

  test("needs upstream for a name only, and leaves nothing if it cannot be reached", async ({ folder }) => {
    const { project, upstream, ids } = await makeRebase(folder, oneRoot);
    await drawPicture("next", contextOf(project));
    await rename(upstream, `${upstream}.away`);
    const before = await contentOf(join(project, "patches"));
    await expect(go(project, "begin")).rejects.toMatchObject({
      code: "network",
      message: expect.stringContaining(`Repository ${upstream} cannot be read: `) as string,
      hint: "--from demo=PATH_OR_URL of a clone that has `next`",
    });
    expect(existsSync(join(project, statePath))).toBe(false);
    expect(await contentOf(join(project, "patches"))).toEqual(before);
    const { onto } = await drawPicture(ids.at(-1) ?? "", contextOf(project));
    expect(onto.commit).toBe(ids.at(-1));
  });
});
