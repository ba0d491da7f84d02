import { join } from "node:path";
import { describe, expect } from "vitest";
import { drawPicture } from "../../src/patches/rebase/picture.ts";
import { sumOf, type Picture, type Sum } from "../../src/patches/rebase/rows.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { commitAll, demo, inGit, makeProject, newFile, mail, writeFiles } from "../helpers/project.ts";
import { contextOf, threeRoots, letters, line, lines, makeRebase, root, type RebaseFixture } from "../helpers/rebase.ts";

/** Draws the picture, which must write nothing. */
async function picture(project: string): Promise<Picture & { readonly sum: Sum }> {
  const before = await contentOf(join(project, "patches"));
  const drawn = await drawPicture("next", contextOf(project));
  expect(await contentOf(join(project, "patches"))).toEqual(before);
  return { ...drawn, sum: sumOf(drawn) };
}

/** What becomes of each patch: its status, and what it is about. */
function statuses({ patches }: Picture): Readonly<Record<string, string>> {
  return Object.fromEntries(
    patches.map(({ name, status, near, follows = [], after, commit }) => [
      name.replace(".patch", ""),
      [status, near === true ? "near" : undefined, ...follows, after, commit?.subject]
        .filter((part) => part !== undefined)
        .join(" "),
    ]),
  );
}

const twenty = lines(20);

/** What happens, what upstream changes, the series, and what becomes of each patch. */
const cases: readonly (readonly [string, Pick<RebaseFixture, "next" | "series" | "order">, Readonly<Record<string, string>>])[] =
  [
    [
      "a patch that applies as it is",
      {
        next: [{ subject: "Begin", edits: { f: line("1", "one\nand a half") } }],
        series: [{ name: "fifteen.patch", subject: "Fifteen", edits: { f: line("15", "fifteen") } }],
      },
      { fifteen: "unchanged" },
    ],
    [
      "a patch that git merges, because upstream changed a line near its own",
      {
        next: [{ subject: "Thirteen", edits: { f: line("13", "thirteen") } }],
        series: [{ name: "fifteen.patch", subject: "Fifteen", edits: { f: line("15", "fifteen") } }],
      },
      { fifteen: "merges" },
    ],
    [
      "a patch that applies, although upstream added lines beside its own",
      {
        next: [{ subject: "Add", edits: { f: line("10", "10\n10 a\n8\n9\n10") } }],
        series: [{ name: "add.patch", subject: "Mine", edits: { f: line("10", "10\nmine") } }],
      },
      { add: "unchanged near" },
    ],
    [
      "a patch of a file that upstream renamed",
      {
        next: [{ subject: "Rename", edits: { f: () => undefined, g: () => twenty.replace("2\n", "two\n") } }],
        series: [{ name: "fifteen.patch", subject: "Fifteen", edits: { f: line("15", "fifteen") } }],
      },
      { fifteen: "merges" },
    ],
    [
      "a change that upstream has, under another subject, among others",
      {
        next: [
          { subject: "Before", edits: { f: line("1", "one") } },
          { subject: "Make it fifteen", edits: { f: line("15", "fifteen"), g: () => "new\n" } },
          { subject: "After", edits: { f: line("5", "five") } },
        ],
        series: [{ name: "fifteen.patch", subject: "Fifteen", edits: { f: line("15", "fifteen") } }],
      },
      { fifteen: "upstream Make it fifteen" },
    ],
    [
      "a change that upstream took and then changed, by its subject",
      {
        next: [
          { subject: "Fifteen", edits: { f: line("15", "fifteen") } },
          { subject: "After", edits: { f: line("fifteen", "XV") } },
        ],
        series: [{ name: "fifteen.patch", subject: "Fifteen", edits: { f: line("15", "fifteen") } }],
      },
      { fifteen: "upstream Fifteen" },
    ],
    [
      "a change that upstream took and then changed, by the change itself",
      {
        next: [
          { subject: "Say it in words", edits: { f: line("15", "fifteen") } },
          { subject: "After", edits: { f: line("fifteen", "XV") } },
        ],
        series: [{ name: "fifteen.patch", subject: "Fifteen", edits: { f: line("15", "fifteen") } }],
      },
      { fifteen: "upstream Say it in words" },
    ],
    [
      "a series in the wrong order",
      {
        next: [{ subject: "Begin", edits: { f: line("1", "one") } }],
        series: [
          { name: "fifteen.patch", subject: "Fifteen", edits: { f: line("15", "fifteen") } },
          { name: "roman.patch", subject: "Roman", edits: { f: line("fifteen", "XV") } },
        ],
        order: ["roman.patch", "fifteen.patch"],
      },
      { fifteen: "unchanged", roman: "order fifteen.patch" },
    ],
    [
      "which of two patches that conflict in one file a third follows",
      {
        next: [{ subject: "Change", edits: { f: (text) => line("10", "ten")(line("18", "eighteen")(text)) } }],
        series: [
          { name: "first.patch", subject: "First", edits: { f: line("10", "10\nmore") } },
          { name: "second.patch", subject: "Second", edits: { f: line("18", "18\nanother line") } },
          { name: "third.patch", subject: "Third", edits: { f: line("another line", "an other line") } },
        ],
      },
      { first: "conflicts", second: "conflicts", third: "follows second.patch" },
    ],
    [
      "a patch that conflicts by itself where it also follows another one",
      {
        next: [{ subject: "Change", edits: { f: (text) => line("10", "ten")(line("18", "eighteen")(text)) } }],
        series: [
          { ...root("f"), name: "root.patch" },
          {
            name: "both.patch",
            subject: "Both",
            edits: { f: (text) => line("block 5", "other")(line("18", "XVIII")(text)) },
          },
        ],
      },
      { root: "conflicts", both: "conflicts root.patch" },
    ],
  ];

describe("patches rebase --dry-run shows", () => {
  test.for(cases)("%s", async ([, fixture, expected], { folder }) => {
    const { project } = await makeRebase(folder, { files: { f: twenty }, ...fixture });
    expect(statuses(await picture(project))).toEqual(expected);
  });

  test("which patches conflict only because others do, and how many are to resolve", async ({ folder }) => {
    const { project } = await makeRebase(folder, threeRoots);
    const shown = await picture(project);
    const roots = letters.map((file) => [file, "conflicts"]);
    const followers = threeRoots.series
      .slice(letters.length)
      .map(({ name }) => [name.replace(".patch", ""), `follows ${name[0]}.patch`]);
    expect(statuses(shown)).toEqual(Object.fromEntries([...roots, ...followers]));
    expect(shown.sum).toMatchObject({ patches: 7, conflicts: 7, toResolve: 3 });
    expect(shown.patches[0]?.hunks).toEqual([{ file: "a", line: 10, cause: "changed" }]);
    const text = await kovnBuild(project, ["patches", "rebase", "demo", "--onto", "next", "--dry-run"]);
    expect(text.stdout).toContain("7 patches: 7 conflicts, 3 to resolve");
    const json = await kovnBuild(project, ["patches", "rebase", "demo", "--onto", "next", "--dry-run", "--json"]);
    expect(JSON.parse(json.stdout)).toEqual({ schema: 1, ...shown });
    expect(text.stdout).toContain("    4  a-3.patch  follows `a.patch`\n         a, line ");
  });

  test("all places of each conflict: lines, and files that are gone, new or deleted", async ({ folder }) => {
    const { project } = await makeRebase(folder, {
      files: { f: twenty, gone: "x\n", kept: "x\n", "sub/two": twenty },
      next: [
        {
          subject: "Change",
          edits: {
            f: (text) => line("5", "five")(line("15", "fifteen")(text)),
            gone: () => undefined,
            kept: () => "y\n",
            new: () => "theirs\n",
            "sub/two": line("5", "five"),
          },
        },
      ],
      series: [
        {
          name: "all.patch",
          subject: "All",
          edits: {
            f: (text) => line("5", "V")(line("15", "XV")(text)),
            gone: () => "z\n",
            kept: () => undefined,
            new: () => "ours\n",
            "sub/two": line("5", "V"),
          },
        },
      ],
    });
    const { patches } = await picture(project);
    expect(patches[0]?.hunks.toSorted((a, b) => (a.file < b.file ? -1 : 1))).toEqual([
      { file: "f", line: 5, cause: "changed" },
      { file: "f", line: 15, cause: "changed" },
      { file: "gone", cause: "missing" },
      { file: "kept", cause: "deletes" },
      { file: "new", cause: "exists" },
      { file: "sub/two", line: 5, cause: "changed" },
    ]);
    const { stdout } = await kovnBuild(project, ["patches", "rebase", "demo", "--onto", "next", "--dry-run"]);
    expect(stdout).toContain("f, lines 5, 15: upstream changed these lines\n");
    expect(stdout).toContain("gone: upstream has no such file\n");
  });

  test("which picks the new base has, and what the old pin has that it lacks", async ({ folder }) => {
    const side = [{ subject: "Only here", edits: { f: line("1", "one") } }];
    const next = [
      { subject: "Fix eight", edits: { f: line("8", "eight") } },
      { subject: "Fix twelve", edits: { f: line("12", "twelve") } },
    ];
    const { project, upstream, ids } = await makeRebase(folder, { files: { f: twenty }, next, side, series: [] });
    const [eight, , pin] = ids;
    await inGit(upstream, "checkout", "--quiet", "-b", "other", pin ?? "");
    await writeFiles(upstream, { f: line("12", "twelve")(line("1", "one")(twenty)) });
    const copy = await commitAll(upstream, "Fix twelve");
    await writeFiles(upstream, { g: "new\n" });
    const kept = await commitAll(upstream, "Fix the rest");
    const yaml = `upstream: ${upstream}\nbranch: main\ncommit: ${pin}\nversion: 1.2.3\nrevision: 1\npicks:\n`;
    const picks = [eight, copy, kept].map((commit) => `  - { commit: ${commit}, why: because }\n`).join("");
    await writeFiles(project, { [`${demo}/source.yaml`]: `${yaml}${picks}` });
    const shown = await picture(project);
    expect(shown.picks.map(({ status, by }) => [status, by?.subject])).toEqual([
      ["upstream", "Fix eight"],
      ["upstream", "Fix twelve"],
      ["applies", undefined],
    ]);
    expect(shown).toMatchObject({ ahead: 2, behind: 1, patches: [], sum: sumOf({ picks: [], patches: [] }) });
    const { stdout } = await kovnBuild(project, ["patches", "rebase", "demo", "--onto", "next", "--dry-run"]);
    expect(stdout).toContain("2 commits of upstream; the old pin has 1 commit that it lacks, 1 of them also by subject:\n");
    expect(stdout).toContain("already upstream: ");
  });

  test("the version of the new base, also by a tag, the id of a commit, and from a clone", async ({ folder }) => {
    const version = (number: string) => `AC_INIT(demo, ${number}, bugs@example.com)\n`;
    const { project, upstream, ids } = await makeRebase(folder, {
      files: { "configure.ac": version("1.2.3") },
      next: [{ subject: "Release", edits: { "configure.ac": () => version("1.3.0") } }],
      series: [],
    });
    await inGit(upstream, "tag", "--annotate", "--message=x", "v1.3.0", "next");
    await inGit(folder, "clone", "--quiet", upstream, "clone");
    const context = contextOf(project);
    for (const name of ["next", "v1.3.0", ids[0] ?? "", (ids[0] ?? "").slice(0, 12)])
      for (const repositories of [{}, { demo: join(folder, "clone") }]) {
        const { onto } = await drawPicture(name, { ...context, from: { ...context.from, repositories } });
        expect(onto).toEqual({ commit: ids[0], version: "1.3.0", branch: "next" });
      }
    const args = ["--onto", "v1.3.0", "--dry-run", "--json", "--from", `demo=${join(folder, "clone")}`];
    const result = await kovnBuild(project, ["patches", "rebase", "demo", ...args]);
    expect(JSON.parse(result.stdout)).toMatchObject({ onto: { commit: ids[0], version: "1.3.0", branch: "next" } });
  });
});

describe("patches rebase refuses", () => {
  test("a name that upstream lacks, and the commit that is pinned", async ({ folder }) => {
    const { project, pin } = await makeRebase(folder, {
      files: { f: twenty },
      next: [{ subject: "X", edits: { x: () => "x" } }],
      series: [],
    });
    const rebase = async (onto: string, ...args: readonly string[]) =>
      kovnBuild(project, ["patches", "rebase", "demo", "--onto", onto, "--dry-run", ...args]);
    const unknown = await rebase("nest");
    expect(unknown).toMatchObject({ exitCode: 2, stdout: "" });
    expect(unknown.stderr).toContain("Branch, tag or commit `nest` is unknown. Available: `main`, `next`.");
    expect(unknown.stderr).toContain("Did you mean `next`?");
    expect((await rebase("main")).stderr).toContain(`\`main\` is ${pin.slice(0, 12)}, which source.yaml pins already.`);
    expect(await rebase("--exec=x")).toMatchObject({ exitCode: 2 });
    const gone = await rebase("1".repeat(40));
    expect(gone).toMatchObject({ exitCode: 1, stdout: "" });
    expect(gone.stderr).toContain(`Commit ${"1".repeat(40)} could not be fetched from repository ${join(folder, "upstream")}.`);
    const absent = await rebase("next", "--from", `demo=${join(folder, "nowhere")}`);
    expect(absent).toMatchObject({ exitCode: 1, stdout: "" });
  });

  test("a commit that has nothing in common with the pin", async ({ folder }) => {
    const { project, upstream } = await makeRebase(folder, { files: { f: twenty }, next: [], series: [] });
    await inGit(upstream, "checkout", "--quiet", "--orphan", "alone");
    await writeFiles(upstream, { x: "x" });
    await commitAll(upstream, "Alone");
    const result = await kovnBuild(project, ["patches", "rebase", "demo", "--onto", "alone", "--dry-run"]);
    expect(result).toMatchObject({ exitCode: 2, stdout: "" });
    expect(result.stderr).toContain("have no commit in common.");
  });

  test("a series that does not apply to its pin", async ({ folder }) => {
    const patch = mail("New", newFile("numbers.txt", "x"));
    const project = await makeProject(folder, { [`${demo}/new.patch`]: patch, [`${demo}/series`]: "new.patch\n" });
    await writeFiles(project, { [`${demo}/greet-world.patch`]: undefined, [`${demo}/greet-all.patch`]: undefined });
    const upstream = join(folder, "upstream");
    await inGit(upstream, "checkout", "--quiet", "-b", "next");
    await writeFiles(upstream, { x: "x" });
    await commitAll(upstream, "X");
    const result = await kovnBuild(project, ["patches", "rebase", "demo", "--onto", "next", "--dry-run"]);
    expect(result).toMatchObject({ exitCode: 1, stdout: "" });
    expect(result.stderr).toContain("Patch `new.patch` (1 of 1 of `demo`) does not apply:");
  });
});
