import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError } from "../errors.ts";
import { cleanEnv } from "../steps/clean-env.ts";
import { exec, type Host } from "../sys/exec.ts";
import { runTask } from "../sys/run-task.ts";
import { count, duration } from "../sys/text.ts";
import { asRanges, isFailure, parseList, parseShown, testId, type Result, type Test } from "./autotest.ts";
import { adoptResults, latestResult, readResults, writeResults, type Results } from "./results.ts";
import { phaseFailed, runPhase, type OnPhaseLine, type Tree, type TreeOptions } from "./tree.ts";

/** Lists all tests of a built tree, in the order of its suites. */
export async function listTests(tree: Tree, { host }: TreeOptions): Promise<readonly Test[]> {
  return runTask(host, `${tree.name}: list the tests`, async (below) => askList(tree, [], below));
}

/**
 * Selects the tests that are in any of the groups; all tests when no group is given. A group is a
 * word of titles and keywords, a file such as `ovn-nbctl.at`, or numbers such as `12` and `12-20`.
 * Throws "usage" for a group without a test.
 */
export async function chooseTests(
  tree: Tree,
  all: readonly Test[],
  groups: readonly string[],
  { host }: TreeOptions,
): Promise<readonly Test[]> {
  if (groups.length === 0) return all;
  const wanted = new Set<string>();
  const ask = async (group: string) =>
    runTask(host, `${tree.name}: find the tests of ${group}`, async (below) => askList(tree, ["-k", group], below));
  for (const group of groups) {
    const found = testsNamed(group, all) ?? (await ask(group));
    if (found.length === 0)
      throw new BuildError("usage", `No test of \`${tree.source.name}\` is in the group \`${group}\`.`, {
        hint: `cd ${join(tree.src, "tests")} && ./testsuite --list`,
      });
    for (const test of found) wanted.add(testId(test));
  }
  return all.filter((test) => wanted.has(testId(test)));
}

async function askList(tree: Tree, selection: readonly string[], host: Host): Promise<readonly Test[]> {
  const tests: Test[] = [];
  for (const program of Object.values(tree.suite.check)) {
    const args = [program, "-C", dirname(program), "--list", ...selection];
    const listed = await exec("sh", args, { host: { ...host, env: {} }, cwd: tree.src, env: cleanEnv(tree.dir) });
    tests.push(...parseList(listed.stdout, program));
  }
  return tests;
}

/**
 * The tests of a group such as `12`, `12-20`, `ovsdb-cluster:12` or `ovn-nbctl.at`; undefined for a
 * word.
 */
function testsNamed(group: string, all: readonly Test[]): readonly Test[] | undefined {
  if (group.endsWith(".at")) return all.filter((test) => test.file === group);
  const [, program = "", first, last = first] = /^([\w-]+:)?(\d+)(?:-(\d+))?$/.exec(group) ?? [];
  if (first === undefined) return undefined;
  return all.filter(
    (test) => testId(test) === `${program}${test.number}` && test.number >= Number(first) && test.number <= Number(last),
  );
}

/**
 * Runs the tests that have no result yet with upstream's `make check`, and returns all results.
 * Throws "build" when a test still has none.
 */
export async function runTests(tree: Tree, tests: readonly Test[], options: TreeOptions): Promise<Results> {
  let results = await adoptResults(tree);
  const hasResult = (test: Test) => results.first[testId(test)] !== undefined;
  const report = progressOf(tree, tests, results);
  for (const [target, program] of Object.entries(tree.suite.check)) {
    const missing = tests.filter((test) => test.program === program && !hasResult(test));
    if (missing.length === 0) continue;
    await runPhase(tree, target, makeCheck(target, missing, options.parallel), options, report(missing));
    results = await adoptResults(tree);
    const lost = missing.filter((test) => !hasResult(test)).map(testId);
    if (lost.length > 0)
      throw phaseFailed(tree, target, `\`make ${target}\` left no result for ${count(lost.length, "test")}, such as ${lost[0]}.`);
  }
  return results;
}

function makeCheck(target: string, tests: readonly Test[], parallel: number): readonly string[] {
  const numbers = asRanges(tests.map((test) => test.number));
  return ["make", target, `TESTSUITEFLAGS=-j${parallel} ${numbers.join(" ")}`];
}

/** How many tests must have ended before the time for the others is estimated. */
const enough = 10;

/**
 * Makes the function that reads the output of a running suite and reports each test that failed, how
 * many are done, and how long the rest may take.
 */
function progressOf(tree: Tree, tests: readonly Test[], before: Results) {
  const known = tests.flatMap((test) => before.first[testId(test)] ?? []);
  let done = known.length;
  let failures = known.filter(isFailure).length;
  const started = performance.now();
  return (running: readonly Test[]): OnPhaseLine =>
    (line, task) => {
      const [number, result] = parseShown(line) ?? [];
      const test = running.find((one) => one.number === number);
      if (test === undefined || result === undefined) return;
      done += 1;
      const failed = isFailure(result);
      if (failed) failures += 1;
      const own = done - known.length;
      const left = ((performance.now() - started) / own) * (tests.length - done);
      if (failed) task.notice(`${tree.name}: FAILED ${testId(test)}: ${test.title}`);
      const rest = own < enough ? "" : `, about ${duration(left)} left`;
      task.say(`test ${done} of ${tests.length}, ${failures} failed${rest}`);
    };
}

/** How often a failed test is run again. */
const times = 3;

/**
 * Runs a test alone three times, or until two runs differ (`before` counts too), and returns the
 * result of each run. Runs of an earlier call count.
 */
export async function runAlone(
  tree: Tree,
  test: Test,
  before: readonly Result[],
  options: TreeOptions,
): Promise<readonly Result[]> {
  const id = testId(test);
  const results = await readResults(tree);
  const runs = [...(results.alone[id] ?? [])];
  while (runs.length < times && new Set([...before, ...runs].map(isFailure)).size < 2) {
    runs.push(await runOnce(tree, test, runs.length + 1, options));
    await writeResults(tree, { ...results, alone: { ...results.alone, [id]: runs } });
  }
  return runs;
}

async function runOnce(tree: Tree, test: Test, time: number, options: TreeOptions): Promise<Result> {
  const { program, number } = test;
  const path = join(tree.src, program);
  // Otherwise the result of an earlier run could be read afterwards.
  for (const old of [`${path}.log`, `${path}.dir/${String(number).padStart(4, "0")}`])
    await rm(old, { recursive: true, force: true });
  const target = Object.entries(tree.suite.check).find(([, one]) => one === program)?.[0] ?? "check";
  const phase = `${testId(test).replace(":", "-")}-alone-${time}`;
  await runPhase(tree, phase, makeCheck(target, [test], 1), options, () => undefined);
  const result = await latestResult(tree, program, number);
  if (result === undefined) throw phaseFailed(tree, phase, `\`make ${target}\` left no result for test ${testId(test)}.`);
  return result;
}
