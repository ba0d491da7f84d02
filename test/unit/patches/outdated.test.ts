import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { BuildError } from "../../../src/errors.ts";
import { makeResolver } from "../../../src/patches/outdated/fixes.ts";
import { findOutdated, isOutdated } from "../../../src/patches/outdated/outdated.ts";
import { comparePrototypes, readPrototypes } from "../../../src/patches/outdated/prototypes.ts";
import { outdatedMarkdown, showOutdated } from "../../../src/patches/outdated/show.ts";
import { branchesIn, newerBranches, releasesIn } from "../../../src/patches/upstream-refs.ts";
import { sumOf } from "../../../src/patches/rebase/rows.ts";
import { makeDrift } from "../../helpers/drift.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { commitAll, demo, inGit, makeProject, sourceYaml, writeFiles } from "../../helpers/project.ts";
import { line, lines, makeRebase } from "../../helpers/rebase.ts";

const from = { rule: "auto", repositories: {} } as const;
const outdated = async (root: string) => findOutdated("1.0", from, { root, work: join(root, ".kovn") }, host);

describe("branches and releases of upstream", () => {
  test.for([
    ["branch-3.1", ["branch-3.2", "branch-3.10", "main"]],
    ["branch-3.9", ["branch-3.10", "main"]],
    ["branch-3.10", ["main"]],
    ["branch-22.03", ["branch-22.12", "branch-23.03", "branch-24.03", "main"]],
    ["main", []],
    ["dpdk-latest", []],
  ] as const)("later than %s", ([own, expected]) => {
    const names = ["dpdk-latest", "branch-3.10", "main", "branch-2.17", "branch-3.2", "branch-3.1", "lts-4.0", "master"];
    const dates = ["branch-24.03", "branch-22.12", "branch-23.03", "branch-21.12"];
    expect(newerBranches(own, own.startsWith("branch-22") ? [...dates, "main"] : names)).toEqual(expected);
  });

  test("are those of upstream, or of a clone, and of commits, not of tag objects", () => {
    const refs = new Map([
      ["refs/heads/a", "1"],
      ["refs/remotes/origin/HEAD", "2"],
      ["refs/remotes/origin/a", "2"],
      ["refs/remotes/origin/b/c", "3"],
      ["refs/tags/v1.2.3", "4"],
      ["refs/tags/v1.2.3^{}", "5"],
      ["refs/tags/22.03.0", "6"],
      ["refs/tags/v1.0-rc1", "7"],
    ]);
    expect(Object.fromEntries(branchesIn(refs))).toEqual({ a: "1", "b/c": "3" });
    expect(Object.fromEntries(releasesIn(refs))).toEqual({ "1.2.3": "5", "22.03.0": "6" });
  });
});

test("digits stand for a commit only if no other one begins with them", () => {
  const resolve = makeResolver(["abc1", "abd2", "abd3", "f000"]);
  expect(["abc", "abd", "abd3", "f", "0", "ff", "abc12"].map(resolve)).toEqual([
    "abc1",
    undefined,
    "abd3",
    "f000",
    undefined,
    undefined,
    undefined,
  ]);
});

describe("prototypes", () => {
  const changed = (before: string, after: string) =>
    comparePrototypes(readPrototypes(before), readPrototypes(after)).map(({ name }) => name);

  test.for([
    ["names of parameters", "int f(int a, const char *b);", "int f(int x, const char *);"],
    ["spaces, comments and line ends", "int f(int /* a */,\n      char*b); // one", "int\nf(int, char *b);"],
    ["what callers do not see", "extern int f(void) OVS_WARN_UNUSED_RESULT;", "static inline int f(void)\n{ return g(1); }"],
    ["its place", "struct a { int b; };\nint f(int);", 'extern "C" {\nint f(int);\n}\n'],
    [
      "a type without a name",
      "void f(struct eth_addr, unsigned int, const uint8_t);",
      "void f(struct eth_addr a, unsigned int b, const uint8_t c);",
    ],
    ["macros", "#define f(a) \\\n g(a);\nint h;", "#define f(a, b) 1"],
    ["attributes", "extern int x OVS_GUARDED_BY(m);", "extern int y OVS_GUARDED_BY(n);"],
    ["a pointer to a function", "int f(void (*cb)(int a), int);", "int f(void (*cb)(int a), int b);"],
    ["types of functions", "typedef int f(int);", "typedef int f(char);"],
  ] as const)("do not change with %s", ([, before, after]) => {
    expect(changed(before, after)).toEqual([]);
  });

  test.for([
    ["a parameter more", "int f(int);", "int f(int, bool b);"],
    ["another type of a parameter", "void f(const struct eth_addr a);", "void f(const struct in6_addr a);"],
    ["a pointer instead of a value", "void f(struct a b);", "void f(struct a *b);"],
    ["another result", "int f(void);", "static inline bool f(void) { return 1; }"],
    ["another size of an array", "void f(char a[4]);", "void f(char a[16]);"],
    ["no declaration any more", "struct a *f(void);", "int g(void);"],
    [
      "one of two systems",
      "#ifdef A\nint f(int);\n#else\nint f(char);\n#endif",
      "#ifdef A\nint f(int);\n#else\nint f(long);\n#endif",
    ],
  ] as const)("change with %s", ([, before, after]) => {
    expect(changed(before, after)).toEqual(["f"]);
  });

  test("are shown as they are declared, on one line", () => {
    const before = readPrototypes("extern void compose(struct dp_packet *,\n    const struct eth_addr src);");
    expect(comparePrototypes(before, readPrototypes("void compose(struct dp_packet *, bool multicast);"))).toEqual([
      {
        name: "compose",
        before: "void compose(struct dp_packet *, const struct eth_addr src)",
        after: "void compose(struct dp_packet *, bool multicast)",
      },
    ]);
  });
});

describe("what is outdated", () => {
  test("is what upstream's branch has, and the fixes of what the line has, on newer branches too", async ({ folder }) => {
    const { project, pin, fork, picked, taken, backported } = await makeDrift(folder);
    const found = await outdated(project);
    expect(isOutdated(found)).toBe(true);
    const [source] = found.sources;
    expect(source?.commits.map(({ subject }) => subject)).toEqual(["Begin m", "Fifteen", "Fix ten"]);
    expect(source).toMatchObject({ behind: 0, release: { version: "1.0.1", isPinned: false }, tip: { subject: "Begin m" } });
    expect(source?.newer.map(({ branch, subject }) => [branch, subject])).toEqual([
      ["branch-1.1", "Fix ten"],
      ["main", "Read no byte too many"],
    ]);
    expect(source?.fixes.map(({ subject, branch, cves, fixes }) => [subject, branch, [...cves, ...fixes]])).toEqual([
      ["Read no byte too many", "main", ["CVE-2026-12345"]],
      ["Fix ten", "branch-1.0", [{ commit: fork, has: "pin" }]],
      ["Fix counting", "branch-1.1", [{ commit: taken, has: "patch", by: "twenty.patch" }]],
      ["Fix what was backported", "branch-1.1", [{ commit: backported, has: "copy", by: pin }]],
      ["Fix the fix of j", "branch-1.1", [{ commit: picked, has: "pick" }]],
      ["Fix the test of j", "branch-1.1", [{ commit: picked, has: "pick" }]],
    ]);
    expect(source?.fixes.map(({ isCode }) => isCode)).toEqual([true, true, true, true, true, false]);
    expect(source?.taken).toEqual([
      { patch: "twenty.patch", branch: "branch-1.1", commit: { id: taken, subject: "Count to twenty" } },
    ]);
    expect(source?.picture?.patches.map(({ name, status }) => [name, status])).toEqual([
      ["ten.patch", "conflicts"],
      ["fifteen.patch", "upstream"],
      ["twenty.patch", "unchanged"],
    ]);
    expect(sumOf(source?.picture ?? { patches: [], picks: [] })).toMatchObject({ conflicts: 1, toResolve: 1, upstream: 1 });

    const plain = (text: string) => text.replaceAll(/[0-9a-f]{12}/g, "ID");
    expect(plain(showOutdated(found))).toBe(`line 1.0

demo 1.2.3, pinned at ID of 2023-11-14
  branch-1.0 has 3 newer commits, up to ID of 2023-11-14
  newest release on it: 1.0.1; the pin lacks it
  series on it: 3 patches: 1 unchanged, 1 already upstream, 1 conflict, 1 to resolve
  patch fifteen.patch: branch-1.0 has it: ID Fifteen
  newer branches: branch-1.1 (2023-11-14), main (2023-11-14)
  patch twenty.patch: branch-1.1 has it: ID Count to twenty
  fixes on branch-1.0 of what the pin has: 1
    ID 2023-11-14 branch-1.0 Fix ten (fixes ID)
  fixes of what the pin has, on newer branches only: 4
    ID 2023-11-14 main CVE-2026-12345: Read no byte too many
    ID 2023-11-14 branch-1.1 Fix counting (fixes ID, patch twenty.patch)
    ID 2023-11-14 branch-1.1 Fix what was backported (fixes ID, in the pin as ID)
    ID 2023-11-14 branch-1.1 Fix the fix of j (fixes ID, a pick)
    and 1 of tests, documentation and CI
`);
    expect(plain(outdatedMarkdown(found))).toContain(`## Line 1.0

### demo 1.2.3, pinned at \`ID\` of 2023-11-14

- \`branch-1.0\` has 3 newer commits, up to \`ID\` of 2023-11-14
`);
    expect(plain(outdatedMarkdown(found))).toContain(
      "  - `ID` 2023-11-14 `branch-1.1` Fix counting (fixes `ID`, patch `twenty.patch`)\n",
    );
  });

  test("is nothing if upstream has nothing newer", async ({ folder }) => {
    const found = await outdated(await makeProject(folder));
    expect(isOutdated(found)).toBe(false);
    expect(found.sources[0]).toMatchObject({ commits: [], behind: 0, newer: [], fixes: [], taken: [] });
    expect(showOutdated(found)).toContain("  main has no newer commit\n");
  });

  test("counts the commits of a pin that its branch lacks", async ({ folder }) => {
    const { project } = await makeRebase(folder, {
      files: { f: lines(20) },
      next: [{ subject: "On", edits: { f: line("1", "one") } }],
      side: [{ subject: "Off", edits: { f: line("20", "last") } }],
      series: [{ name: "ten.patch", subject: "Ten", edits: { f: line("10", "X") } }],
    });
    const yaml = join(project, demo, "source.yaml");
    await writeFile(yaml, (await readFile(yaml, "utf8")).replace("branch: main", "branch: next"));
    const found = await outdated(project);
    expect(found.sources[0]).toMatchObject({ behind: 1, commits: [{ subject: "On" }] });
    expect(showOutdated(found)).toMatch(
      / {2}next has 1 newer commit, up to \w+ of 2023-11-14; the pin has 1 commit that it lacks\n/,
    );
  });

  test("cannot be said without upstream or its branch: the message says what to type", async ({ folder }) => {
    const project = await makeProject(folder);
    await outdated(project);
    await rename(join(folder, "upstream"), join(folder, "away"));
    const gone = await outdated(project).catch((error: unknown) => error);
    expect(gone).toBeInstanceOf(BuildError);
    expect(gone).toMatchObject({ code: "network", source: "demo", hint: "--from demo=PATH_OR_URL" });
    await rename(join(folder, "away"), join(folder, "upstream"));
    const yaml = join(project, demo, "source.yaml");
    await writeFile(yaml, (await readFile(yaml, "utf8")).replace("branch: main", "branch: branch-0.9"));
    const other = await outdated(project).catch((error: unknown) => error);
    expect(other).toMatchObject({ code: "project", at: [{ file: `${demo}/source.yaml` }] });
    expect(String(other)).toContain("has no branch `branch-0.9`");
  });
});

test("a pair is compared: the commit that one tree names of the other, and prototypes of functions that it uses", async ({
  folder,
}) => {
  const other = join(folder, "other");
  const header = (parameters: string, more = "") => `void compose(${parameters});\nint unused(${parameters});\n${more}`;
  await writeFiles(other, { "lib/packets.h": header("int a") });
  await inGit(folder, "init", "--quiet", "--initial-branch=main", other);
  const named = await commitAll(other, "First");
  await writeFiles(other, { "lib/packets.h": header("int a, bool b", "int new(void);\n"), "lib/other.h": "int more(int);\n" });
  const ours = await commitAll(other, "Change a prototype");
  const project = await makeProject(folder);
  const upstream = join(folder, "upstream");
  await mkdir(join(upstream, "other"));
  await inGit(upstream, "update-index", "--add", "--cacheinfo", `160000,${named},other`);
  await writeFiles(upstream, { "lib/code.c": "int main(void) { compose(1); return unused_too; }\n" });
  const pin = await commitAll(upstream, "Use the other one");
  await writeFiles(project, {
    [`${demo}/source.yaml`]: sourceYaml(upstream).replace(/commit: .*/, `commit: ${pin}`),
    "patches/1.0/other/source.yaml": sourceYaml(other).replace(/commit: .*/, `commit: ${ours}`),
    "patches/1.0/other/series": "",
  });
  const found = await outdated(project);
  const change = { name: "compose", before: "void compose(int a)", after: "void compose(int a, bool b)" };
  expect(found.pairs).toEqual([
    {
      ...{ of: "pins", source: "demo", other: "other", named, commit: ours },
      compared: { ahead: 1, behind: 0, prototypes: [change] },
    },
  ]);
  expect(showOutdated(found).replaceAll(/[0-9a-f]{12}/g, "ID")).toContain(`
pair
  demo at its pin was tested with other ID; the pin ID of other is 1 commit ahead and 0 behind; 1 function that demo uses has another prototype there, so demo may not compile
    compose
      was: void compose(int a)
      now: void compose(int a, bool b)
`);
  await inGit(upstream, "update-index", "--cacheinfo", `160000,${"1".repeat(40)},other`);
  await inGit(upstream, "commit", "--quiet", "--message", "Name a commit that nobody has");
  const lost = await inGit(upstream, "rev-parse", "HEAD");
  await writeFiles(project, { [`${demo}/source.yaml`]: sourceYaml(upstream).replace(/commit: .*/, `commit: ${lost}`) });
  expect((await outdated(project)).pairs[0]).not.toHaveProperty("compared");
});
