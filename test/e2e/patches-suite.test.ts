import { readFileSync } from "node:fs";
import { access, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { globSync } from "tinyglobby";
import { describe, expect } from "vitest";
import type { SuiteSummary } from "../../src/suite/summary.ts";
import { cli, kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { processesWith, until } from "../helpers/processes.ts";
import { commitAll, inGit, makeProject, writeFiles } from "../helpers/project.ts";
import { makeSuiteProject, suiteAt, type FixturePatch } from "../helpers/suite.ts";

const isThere = async (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
/** autoconf's autom4te makes the fixture's suite, and make runs it. */
const canRun = (await isThere("/usr/bin/autom4te")) && (await isThere("/usr/bin/make"));

const greets = (greeting: string) => `AT_CHECK([cat "$abs_top_srcdir/greeting.txt"], [0], [${greeting}\n])`;
const tests = {
  "greeting is shown": greets("hello"),
  "passes when run again": `AT_KEYWORDS([odd])\nAT_CHECK([test -e ../again || { touch ../again; exit 1; }])`,
  "fails everywhere": `AT_KEYWORDS([odd])\nAT_CHECK([exit 3])`,
  "needs what is not there": `AT_SKIP_IF([test ! -e /nonexistent])`,
  "fails as expected": `AT_XFAIL_IF([true])\nAT_CHECK([exit 1])`,
};
const base = { "greeting.txt": "hello\n", "tests/testsuite.at": suiteAt(tests) };
const patchedTests = { ...tests, "greeting is shown": greets("hello world"), "greeting has two words": greets("hello world") };
const greetWorld: FixturePatch = {
  name: "greet-world",
  seed: "aaaaaaaaaa",
  files: { "greeting.txt": "hello world\n", "tests/testsuite.at": suiteAt(patchedTests) },
};

async function suite(project: string, ...args: readonly string[]) {
  const { exitCode, stdout, stderr } = await kovnBuild(project, ["patches", "suite", "demo", ...args, "--json"]);
  const summary = stdout === "" ? undefined : (JSON.parse(stdout) as SuiteSummary);
  return { exitCode, summary, stderr };
}

/** The titles of the tests that ran in a tree, in order. */
async function ran(summary: SuiteSummary | undefined): Promise<readonly string[]> {
  return (await readFile(join(summary?.folder ?? "", "runs"), "utf8")).trimEnd().split("\n");
}

describe.skipIf(!canRun)("patches suite", { timeout: 120_000 }, () => {
  test("judges each failed test, says why tests are skipped, and names those of the series", async ({ folder }) => {
    const project = await makeSuiteProject(folder, base, [greetWorld]);
    const { exitCode, summary, stderr } = await suite(project, "--against", "unpatched", "--jobs", "1");
    expect(stderr).toContain("demo, patched: FAILED 3: fails everywhere");
    const file = "testsuite.at";
    const own = { file, patches: ["greet-world.patch"], entries: [1], outcome: "passed" };
    expect(summary).toEqual({
      line: "1.0",
      source: "demo",
      version: "1.2.3",
      base: expect.stringMatching(/^[0-9a-f]{40}$/),
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      folder: expect.stringContaining(join(project, ".kovn/suites/demo-")),
      tests: 6,
      passed: 2,
      expectedFailures: 1,
      skipped: 1,
      failures: [
        {
          test: "2",
          file,
          title: "passes when run again",
          verdict: "flaky",
          where: expect.stringMatching(/^testsuite.at:\d+$/),
          alone: ["passed"],
        },
        {
          test: "3",
          file,
          title: "fails everywhere",
          verdict: "known",
          where: expect.stringMatching(/^testsuite.at:\d+$/),
          alone: ["failed", "failed", "failed"],
          unpatched: ["failed", "failed", "failed"],
        },
      ],
      skips: [{ why: "AT_SKIP_IF([test ! -e /nonexistent])", tests: ["4"] }],
      own: [
        { ...own, test: "1", title: "greeting is shown", change: "changed" },
        { ...own, test: "6", title: "greeting has two words", change: "added" },
      ],
    });
    expect(exitCode).toBe(0);
    expect(await readdir(join(summary?.folder ?? "", "failures"))).toEqual(["2.log", "3.log"]);

    const again = await kovnBuild(project, ["patches", "suite", "demo", "--against", "unpatched"]);
    expect(again.stdout).toContain("6 tests: 2 passed, 1 failed as expected, 1 skipped, 1 known, 1 flaky\n");
    expect(again.stdout).toContain("changed     1  greeting is shown: passed (entry 1)\n");
    expect(again.stderr).not.toContain("make");
    expect(await ran(summary)).toHaveLength(6 + 1 + 3);
  });

  test("takes picks, names their tests, and leaves them out of the unpatched tree", async ({ folder }) => {
    const project = await makeSuiteProject(folder, base, []);
    const upstream = join(folder, "upstream");
    const pinned = await inGit(upstream, "rev-parse", "HEAD");
    await writeFiles(upstream, {
      "greeting.txt": "hi\n",
      "tests/testsuite.at": suiteAt({ ...tests, "is picked": greets("hi") }),
    });
    const pick = await commitAll(upstream, "Say hi");
    await inGit(upstream, "reset", "--quiet", "--hard", pinned);
    const yaml = join(project, "patches/1.0/demo/source.yaml");
    await writeFile(yaml, `${await readFile(yaml, "utf8")}picks: [{ commit: ${pick}, why: says hi }]\n`);
    const { exitCode, summary } = await suite(project, "--groups", "1,6", "--against", "unpatched");
    expect(summary).toMatchObject({
      base: pinned,
      tests: 2,
      failures: [{ test: "1", verdict: "regression", unpatched: ["passed", "passed", "passed"] }],
      own: [{ title: "is picked", change: "added", patches: [`pick ${pick.slice(0, 12)}`], entries: [], outcome: "passed" }],
    });
    expect(exitCode).toBe(1);
  });

  test("a patch that lacks the update of a test is a regression of exactly that test", async ({ folder }) => {
    const once = "AT_CHECK([test -e ../once || { touch ../once; exit 1; }])";
    const nowAndThen = `${once}\n${greets("hello")}`;
    const files = { ...base, "tests/testsuite.at": suiteAt({ ...tests, "fails now and then": nowAndThen }) };
    const project = await makeSuiteProject(folder, files, [{ name: "greet-world", files: { "greeting.txt": "hello world\n" } }]);
    const { exitCode, summary, stderr } = await suite(project, "--against", "unpatched");
    const verdicts = summary?.failures.map(({ test: id, verdict, unpatched }) => [id, verdict, unpatched]);
    expect(verdicts).toEqual([
      ["1", "regression", ["passed", "passed", "passed"]],
      ["2", "flaky", undefined],
      ["3", "known", ["failed", "failed", "failed"]],
      ["6", "flaky", ["failed", "passed"]],
    ]);
    expect(stderr).toContain("Regression: 1: fails on patched demo, but not without the series.");
    expect(exitCode).toBe(1);
  });

  test("a new test that fails is a regression, since it does not fail without the series", async ({ folder }) => {
    const files = { "tests/testsuite.at": suiteAt({ ...tests, "is new": "AT_CHECK([exit 1])" }) };
    const project = await makeSuiteProject(folder, base, [{ name: "new-test", files }]);
    const { exitCode, stderr } = await suite(project, "--own", "--against", "unpatched");
    expect(stderr).toContain("Regression: 6: ");
    expect(exitCode).toBe(1);
  });

  test("runs only selected tests: of the series, by words, by numbers, by file", async ({ folder }) => {
    const project = await makeSuiteProject(folder, base, [greetWorld]);
    const chosen = async (...args: readonly string[]) => (await suite(project, ...args)).summary?.tests;
    expect(await chosen("--own")).toBe(2);
    expect(await chosen("--groups", "5,not there")).toBe(2);
    expect(await chosen("--groups", "4-6")).toBe(3);
    const { exitCode, summary, stderr } = await suite(project, "--groups", "odd");
    expect(summary?.failures.map(({ test: id, verdict }) => `${id} ${verdict}`)).toEqual(["2 flaky", "3 failed"]);
    expect(stderr).toContain("Failed: 3.");
    expect(stderr).toContain("--against unpatched");
    expect(exitCode).toBe(1);
    expect(await chosen("--groups", "testsuite.at")).toBe(6);
    const unknown = await suite(project, "--groups", "7");
    expect(unknown.stderr).toContain("No test of `demo` is in the group `7`.");
    expect(unknown.exitCode).toBe(2);
  });

  test("after kill -9 it continues with the tests without a result, and nothing is left running", async ({ folder }) => {
    const go = join(folder, "go");
    const waits = `AT_CHECK([for i in \`seq 600\`; do test -e ${go} && exit 0; sleep 0.1; done; exit 1])`;
    const titles = ["first", "fails", "waits", "last"];
    const bodies = [
      "AT_CHECK([exit 0])",
      "AT_CHECK([test -e ../again || { touch ../again; exit 1; }])",
      waits,
      "AT_CHECK([exit 0])",
    ];
    const files = {
      "tests/testsuite.at": suiteAt(Object.fromEntries(titles.map((title, index) => [title, bodies[index] ?? ""]))),
    };
    const project = await makeSuiteProject(folder, files, []);
    const child = execa(process.execPath, [cli, "patches", "suite", "demo", "--jobs", "1"], { cwd: project, reject: false });
    const trees = join(project, ".kovn/suites");
    const waiting = () => {
      const [runs] = globSync("*/runs", { cwd: trees, absolute: true });
      return runs !== undefined && readFileSync(runs, "utf8").includes("waits");
    };
    await until("the third test waits", waiting, 60_000);
    child.kill("SIGKILL");
    await child;
    await until("the tests end with it", () => processesWith(go).length === 0);
    await writeFile(go, "");
    const { exitCode, summary } = await suite(project, "--jobs", "1");
    expect(exitCode).toBe(0);
    expect(summary).toMatchObject({ tests: 4, passed: 3, failures: [{ test: "2", verdict: "flaky" }] });
    expect(await ran(summary)).toEqual(["first", "fails", "waits", "waits", "last", "fails"]);
  });

  test("a failed build of a tree shows the end of its log, and the next run builds it again", async ({ folder }) => {
    const configure = `#!/bin/sh\ntest -e ${folder}/fits || { echo no compiler; exit 1; }\n`;
    const project = await makeSuiteProject(folder, { ...base, configure }, []);
    const { exitCode, summary, stderr } = await suite(project);
    expect(stderr).toContain("Tests of demo, patched: `./configure` failed with exit code 1.\n  no compiler\n  -> less +G ");
    expect(summary).toBeUndefined();
    expect(exitCode).toBe(1);
    await writeFile(join(folder, "fits"), "");
    expect((await suite(project)).stderr).toContain("Tests of demo, patched: `make -j");
  });
});

const wrong: readonly [string, readonly string[], string][] = [
  ["a source that does not exist", ["demi"], "Source `demi` is unknown."],
  ["a source without tests to run", ["demo"], "its source.yaml has no `suite`."],
  ["a tree that is not the unpatched one", ["demo", "--against", "patched"], "Allowed choices are unpatched."],
  ["groups beside --own", ["demo", "--own", "--groups", "a"], "'--own' cannot be used with option '--groups <words>'"],
  ["a bad number of jobs", ["demo", "--jobs", "0"], "Expected a positive integer."],
];
test.for(wrong)("%s is a wrong argument", async ([, args, message], { folder }) => {
  const project = await makeProject(folder);
  const { exitCode, stdout, stderr } = await kovnBuild(project, ["patches", "suite", ...args]);
  expect(stderr).toContain(message);
  expect(stdout).toBe("");
  expect(exitCode).toBe(2);
});
