import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect } from "vitest";
import { parse } from "yaml";
import { verbs } from "../../../src/commands/verbs.ts";
import type { BuiltJob, Manifest } from "../../../src/dist/manifest.ts";
import type { Context } from "../../../src/program/context.ts";
import { compareStates } from "../../../src/patches/diff/compare-states.ts";
import { diffData } from "../../../src/patches/diff/data.ts";
import { diffMarkdown } from "../../../src/patches/diff/markdown.ts";
import { showDiff } from "../../../src/patches/diff/show.ts";
import { openState } from "../../../src/patches/diff/state.ts";
import { runProgram } from "../../../src/program/program.ts";
import { makeActions } from "../../../src/report/actions.ts";
import { readSource } from "../../../src/config/source.ts";
import { Json } from "../../../src/sys/json.ts";
import type { Workflow } from "../../real/workflow.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { commitAll, demo, inGit, mail, newFile, pin as firstPin, writeFiles } from "../../helpers/project.ts";
import { aPatch } from "../../helpers/plan.ts";
import { makeStates } from "../../helpers/states.ts";

/** Runs `patches diff` on a project, in this process. Returns what it prints, and the summary of the job. */
async function diff(project: string, words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const printed: unknown[] = [];
  const context = {
    version: "",
    project: async () => ({ root: project, work: join(project, ".kovn") }),
    report: { run: async (work: (progress: object) => Promise<unknown>) => work({ host }), write: () => undefined },
    actions: makeActions(
      env,
      () => undefined,
      (text) => text,
    ),
    print: (result: string | Json) => void printed.push(result instanceof Json ? result.value : result),
    host,
  } as unknown as Context;
  await runProgram(["patches", "diff", ...words], context, verbs);
  return printed.length === 1 ? printed[0] : printed;
}

/** What an error says. */
async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Compares two commits of the fixture. */
async function compareCommits(project: string, commits: readonly [string, string], folder: string) {
  const options = { project: { root: project, work: join(project, ".kovn") }, host };
  const read = async (commit: string) => {
    const state = await openState({ kind: "commit", name: commit, commit }, { ...options, dir: join(folder, commit) });
    return state.read("1.0");
  };
  const from = { rule: "auto", repositories: {} } as const;
  return compareStates("1.0", await read(commits[0]), await read(commits[1]), { ...options, from, offline: false });
}

const short = (id: string) => id.slice(0, 12);

describe("patches diff", () => {
  test("shows pins, upstream's commits, picks, patches, alternates and what upstream merged", async ({ folder }) => {
    const { project, first, second, pin, pick, more } = await makeStates(folder);
    const all = await compareCommits(project, [first, second], folder);
    const text = showDiff(all, true);
    const [head = "", shown = ""] = text.split("\n  greet-all.patch\n");
    expect(head).toBe(`line 1.0: ${short(first)} to ${short(second)}

demo: revision 1 to 2
  pin        ${short(firstPin)} (main, 1.2.3) to ${short(pin)} (main, 1.2.3)
             2 commits of upstream
               ${short(pin)} code: Have most
               ${short(more)} code: Have more
  pick       added    ${short(pick)}     a fix
  patch      dropped  gone.patch       Add what goes
  patch      added    more.patch       Add \`more\`
  patch      renamed  two.patch        is second.patch now
  patch      moved    three.patch      comes after greet-world.patch now
  patch      changed  greet-all.patch  Greet all
  alternate  added    demo-source      1.2.3-1
  merged     added    bbbbbbbbbb       in upstream since 1.2.4
  left out   added    cccccccccc       nobody uses it
  6 patches: 1 added, 1 dropped, 1 changed, 1 renamed, 1 moved, 4 unchanged
`);
    // What git writes around the lines depends on its version.
    expect(shown).toMatch(/^ {4}@@[^]*\n {5}-hello world\n {4}-\+hello all worlds\n {4}\+\+hello all of the worlds\n$/);
    const markdown = diffMarkdown([all]);
    expect(markdown).toMatch(/^## Patch series of line 1\.0\n\n`\w{12}` to `\w{12}`\n\n### `demo`: revision 1 to 2\n\nPin: /);
    expect(markdown).toContain("| patch | added | `more.patch` | Add \\`more\\` |");
    expect(markdown).toContain("<details><summary>2 commits of upstream</summary>\n\n- `");
    expect(markdown).toContain("<details><summary><code>greet-all.patch</code></summary>\n\n```diff\n@@");
    expect(diffData(all)).toMatchObject({
      ...{ line: "1.0", before: { name: first, commit: first }, after: { name: second, commit: second }, same: [] },
      sources: [
        {
          ...{ name: "demo", before: { commit: firstPin, revision: 1 }, after: { commit: pin, revision: 2 } },
          ...{ commits: [{ id: pin }, { id: more, subject: "code: Have more" }], lost: [], needsRevision: false },
          picks: { added: [{ commit: pick }], dropped: [] },
          patches: {
            added: [{ name: "more.patch", subject: "Add `more`", seed: "none" }],
            dropped: [{ name: "gone.patch" }],
            renamed: [{ from: "two.patch", to: "second.patch" }],
            moved: [{ name: "three.patch", from: 5, to: 2 }],
            changed: [{ name: "greet-all.patch", diff: expect.stringContaining("++hello all of the worlds") as string }],
            unchanged: 4,
          },
        },
      ],
    });
  });

  test("compares what is here with HEAD, or with the last release if nothing is new", async ({ folder }) => {
    const { project, first, second } = await makeStates(folder);
    expect(await diff(project, ["--stat"])).toMatch(
      new RegExp(`^line 1\\.0: v1\\.0\\.0 \\(${short(first)}\\) to the work tree\n\ndemo: `),
    );
    expect(await diff(project, ["HEAD"])).toBe(`line 1.0: HEAD (${short(second)}) to the work tree\n\ndemo: nothing changed\n`);
    const stat = (await diff(project, ["next", "v1.0.0", "--stat"])) as string;
    expect(stat).toContain("demo: revision 2 to 1\n");
    expect(stat).toContain("             2 commits of the old pin that the new one lacks\n");
    expect(stat).toContain("merged     dropped  bbbbbbbbbb");
    expect(stat).not.toMatch(/Have most|@@/);
    await writeFiles(project, { [`${demo}/one.patch`]: mail("Add one", newFile("one.txt", "1")) });
    const data = await diff(project, ["HEAD...next", "--json"]);
    expect(data).toMatchObject({ schema: 1, lines: [{ line: "1.0", sources: [], same: ["demo"] }] });
    const text = await diff(project, ["--stat"]);
    expect(text).toContain(`line 1.0: HEAD (${short(second)}) to the work tree\n`);
    expect(text).toContain("patch      changed  one.patch  Add one\n");
    expect(text).toContain("The revision is the same, so packages with other contents would have the same version: raise it.");
  });

  test("compares patch files where upstream cannot be reached, says so, and ignores line numbers", async ({ folder }) => {
    const { project, upstream } = await makeStates(folder);
    await rename(upstream, `${upstream}-gone`);
    const numbers = mail("Add one", newFile("one.txt", "one")).replace("@@ -0,0 +1 @@", "@@ -0,0 +1,1 @@");
    await writeFiles(project, { [`${demo}/one.patch`]: numbers });
    const text = await diff(project, ["v1.0.0"]);
    expect(text).toContain("upstream's commits between them are unavailable here");
    expect(text).toContain("1 changed, 1 renamed");
    expect(text).toMatch(
      /These are diffs of the patch files, not of the trees that they make\. Repository .*upstream cannot be read: /,
    );
    expect(text).toContain("\n    -+hello all worlds\n    ++hello all of the worlds\n");
    expect(text).not.toMatch(/changed +one\.patch/);
  });

  test("leaves out diffs that make the Markdown too long, and names them", () => {
    const diffs = { small: "+x", large: "+x\n".repeat(1000) };
    const changed = Object.entries(diffs).map(([name, text]) => {
      const patch = aPatch(`${name}.patch`);
      return { before: patch, patch, diff: text };
    });
    const none = { added: [], dropped: [] };
    const series = { ...none, changed, renamed: [], moved: [], unchanged: 0 };
    const source = {
      name: "demo",
      commits: [],
      lost: [],
      picks: none,
      alternates: none,
      merged: none,
      leftOut: none,
      series,
      needsRevision: true,
    };
    const state = { name: "HEAD", sources: [] };
    const line = { line: "1.0", before: state, after: state, sources: [source], same: [] };
    const text = diffMarkdown([line, line], 3500);
    expect(text).toContain("<summary><code>small.patch</code></summary>");
    expect(text).toContain("Too long to be shown here: the diffs of `large.patch`.");
    expect(Buffer.byteLength(text)).toBeLessThan(3500);
    expect(diffMarkdown([line])).toContain("<summary><code>large.patch</code></summary>");
  });

  test("says of which state the files cannot be read, and what it does not know", async ({ folder }) => {
    const { project } = await makeStates(folder);
    await writeFiles(project, { [`${demo}/series`]: "greet-world.patch\nnot-there.patch\n" });
    await commitAll(project, "Broken");
    await inGit(project, "tag", "broken");
    await inGit(project, "checkout", "--quiet", "main");
    expect(await errorOf(diff(project, ["broken"]))).toMatchObject({
      code: "project",
      message: expect.stringMatching(/^State `broken` cannot be read:\npatches\/1\.0\/demo\/series:2:1: /) as string,
    });
    expect(await errorOf(diff(project, ["v1.0.1"]))).toMatchObject({ code: "usage", hint: "Did you mean `v1.0.0`?" });
    expect(await errorOf(diff(project, ["main...none"]))).toMatchObject({ code: "usage" });
    // A commit before the project had patches.
    await inGit(project, "checkout", "--quiet", "--orphan", "empty");
    await inGit(project, "rm", "-rq", "--cached", ".");
    await inGit(project, "commit", "--quiet", "--allow-empty", "--message=Empty");
    await inGit(project, "checkout", "--quiet", "--force", "main");
    expect(await diff(project, ["empty", "main"])).toContain("demo: new, revision 1\n");
  });
});

/** What a build of a state of the fixture records. */
async function manifestOf(project: string, changes: Partial<BuiltJob> = {}): Promise<Pick<Manifest, "line"> & object> {
  const source = await readSource({ root: project, work: join(project, ".kovn") }, "1.0", "demo", host);
  const { name, version, revision, commit, upstream } = source;
  const series = source.patches.map(({ name: file, sha256, seed, subject, origin }) => ({
    ...{ name: file, sha256, seed, subject, origin, patchId: `${file} ${sha256}` },
  }));
  const job = {
    ...{
      id: "demo",
      key: "k",
      source: name,
      version,
      revision,
      base: { kind: "git", url: upstream, commit },
      baseCommit: commit,
    },
    ...{
      alternate: false,
      locked: true,
      patchedCommit: "6".repeat(40),
      patchedTree: "7".repeat(40),
      series,
      tools: {},
      duration: 1,
    },
    ...changes,
  };
  const builder = { name: "kovn-build", version: "0.1.0", node: "20.0.0" };
  return {
    schema: 1,
    target: "linux",
    line: "1.0",
    variant: "default",
    arch: "amd64",
    flags: "",
    builder,
    jobs: [job],
    artifacts: [],
  } as never;
}

describe("patches diff of what builds recorded", () => {
  test("compares names and ids where the project lacks the files, and files where a lock of its history has them", async ({
    folder,
  }) => {
    const { project, first } = await makeStates(folder);
    const path = (name: string) => join(folder, name);
    await inGit(project, "checkout", "--quiet", "main");
    const old = await manifestOf(project);
    await writeFile(path("old.json"), JSON.stringify(old));
    await inGit(project, "checkout", "--quiet", "next");
    await writeFile(path("new.json"), JSON.stringify(await manifestOf(project)));
    const text = await diff(project, [path("old.json"), path("new.json")]);
    expect(text).toContain(`line 1.0: ${path("old.json")} to ${path("new.json")}\n`);
    expect(text).toContain("changed  greet-all.patch  Greet all\n");
    expect(text).toContain("renamed  two.patch        is second.patch now\n");
    expect(text).toContain("Changed patches have no diff here. A build records names and ids of its patches only.");
    // The lock of the first state comes into the history.
    await inGit(project, "checkout", "--quiet", "main");
    const source = (await manifestOf(project)) as unknown as Manifest;
    const patches = source.jobs[0]?.series.map(({ name, sha256, patchId }) => ({ name, sha256, patchId }));
    const bases = { [`git:${firstPin}`]: { commit: "6".repeat(40), tree: "7".repeat(40) } };
    await writeFiles(project, {
      "patches/1.0/lock.json": JSON.stringify({ schema: 1, sources: { demo: { revision: 1, patches, bases } } }),
    });
    const locked = await commitAll(project, "Lock");
    expect(locked).not.toBe(first);
    const exact = await diff(project, [path("old.json"), "next"]);
    expect(exact).toContain(`line 1.0: ${path("old.json")} (built from ${short(locked)}) to next `);
    expect(exact).toContain("\n    ++hello all of the worlds\n");
    expect(await errorOf(diff(project, [path("old.json"), "next", "--line", "2.0"]))).toMatchObject({ code: "usage" });
  });
});

describe("the job of a pull request", async () => {
  const workflow = parse(String(await readFile(".github/workflows/ci.yml"))) as Workflow;
  const steps = workflow.jobs["series"]?.steps ?? [];
  const words = /^npx kovn-build patches diff (.*)$/.exec(steps.at(-1)?.run ?? "")?.[1]?.split(" ") ?? [];

  beforeAll(() => expect(words).not.toEqual([]));

  test("puts what the series changes into its summary, in a clone of the merge commit, and nothing else", async ({ folder }) => {
    const { project, upstream } = await makeStates(folder);
    await inGit(project, "checkout", "--quiet", "main");
    await writeFiles(project, { "readme.txt": "of main\n" });
    await commitAll(project, "Main goes on");
    await inGit(project, "merge", "--quiet", "--no-ff", "--message=Merge", "next");
    const clone = join(folder, "clone");
    const depth = String(steps.find(({ uses }) => uses?.startsWith("actions/checkout@"))?.with?.["fetch-depth"]);
    await execa("git", ["clone", "--quiet", `--depth=${depth}`, `file://${project}`, clone]);
    await mkdir(join(folder, "out"));
    const summary = join(folder, "out/summary");
    const env = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary };
    await diff(clone, words, env);
    const text = await readFile(summary, "utf8");
    expect(text).toContain("## Patch series of line 1.0");
    expect(text).toContain("++hello all of the worlds");
    expect(text).not.toContain("readme");
    // Without network the files are compared.
    await rename(upstream, `${upstream}-gone`);
    await rm(join(clone, ".kovn"), { recursive: true });
    await writeFile(summary, "");
    await diff(clone, words, env);
    expect(await readFile(summary, "utf8")).toContain("not of the trees that they make");
    await writeFile(summary, "");
    await writeFiles(project, { "readme.txt": "other\n" });
    await commitAll(project, "No series");
    await inGit(clone, "pull", "--quiet", "--depth=2");
    await diff(clone, words, env);
    expect(await readFile(summary, "utf8")).toBe("");
  });
});
