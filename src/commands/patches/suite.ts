import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Option } from "commander";
import { listSources, readSource, type Source } from "../../config/source.ts";
import { pickLine } from "../../config/lines.ts";
import type { Project } from "../../config/project.ts";
import { readSeed } from "../../config/seed.ts";
import { BuildError } from "../../errors.ts";
import { allowedBases } from "../../plan/base.ts";
import { fetchReachable } from "../../patches/bases.ts";
import { assertBuildPath } from "../../machine/build-path.ts";
import { commaSeparated, examples, fromOption, jsonOption, lineOption, positive } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { judgeFailures, type Verdict } from "../../suite/judge.ts";
import { ownTests } from "../../suite/own.ts";
import { chooseTests, listTests, runTests } from "../../suite/run.ts";
import { describeSummary, summarize, type SuiteSummary } from "../../suite/summary.ts";
import { buildTree, suiteOf, type TreePlan } from "../../suite/tree.ts";
import { runTask } from "../../sys/run-task.ts";
import { lockIn, withLock } from "../../sys/with-lock.ts";
import { startGuard, type Host } from "../../sys/exec.ts";
import { parseFrom } from "../../config/from.ts";
import { Json } from "../../sys/json.ts";

interface SuiteOptions {
  readonly line?: string;
  readonly from: readonly string[];
  readonly groups?: readonly string[];
  readonly own: boolean;
  readonly jobs: number;
  readonly against?: "unpatched";
  readonly json: boolean;
}

/** `kovn-build patches suite`: runs upstream's own tests on the patched tree. */
export const patchesSuite: Define = (command, context) => {
  command
    .argument("<source>", "such as ovs")
    .option(
      "--groups <words>",
      "only tests with these words in title or keywords, of files (`bfd.at`), or numbers; separated by commas",
      commaSeparated,
    )
    .addOption(new Option("--own", "only the tests that the series adds or changes").default(false).conflicts("groups"))
    .option("--jobs <n>", "tests at once, and parallel processes of make", positive, context.machine.cores)
    .addOption(
      new Option(
        "--against <tree>",
        "run what fails every time on this tree too, and fail only if it does not fail there",
      ).choices(["unpatched"]),
    )
    .addOption(lineOption())
    .addOption(fromOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["kovn-build patches suite ovs --own", "run the tests of the series"],
        ["kovn-build patches suite ovs --against unpatched", "run all tests and find regressions"],
      ),
    )
    .action(async (source: string, options: SuiteOptions) => {
      const project = await context.project();
      const summary = await context.report.run(async ({ host }) => runSuite(source, options, project, host));
      context.print(options.json ? new Json(summary) : describeSummary(summary));
      complain(summary);
    });
};

/** Runs the tests. Throws "build" when they cannot run; a test that fails is a result. */
async function runSuite(name: string, command: SuiteOptions, project: Project, host: Host): Promise<SuiteSummary> {
  assertBuildPath({ work: project.work, packages: ["pkg-config"] });
  await startGuard();
  const plan = await planTree(name, command, project, host);
  const entryOf = await readEntries(project, plan.source);
  const options = { work: project.work, parallel: command.jobs, host };
  const unpatched = async () => {
    const tree = await buildTree(withoutPatches(plan), options);
    return { tree, tests: await listTests(tree, options) };
  };
  const suites = join(project.work, "suites");
  await mkdir(suites, { recursive: true });
  return withLock(lockIn(suites), { host, other: "is running tests here" }, async () => {
    const tree = await buildTree(plan, options);
    const all = await listTests(tree, options);
    const own = await runTask(host, `${tree.name}: find the tests of the series`, async (below) => ownTests(tree, all, below));
    const chosen = command.own ? own.map(({ test }) => test) : await chooseTests(tree, all, command.groups ?? [], options);
    const results = await runTests(tree, chosen, options);
    const run = { tree, all, chosen, results };
    const judged = await judgeFailures(run, options, command.against === undefined ? undefined : unpatched);
    return summarize(run, judged, own, entryOf);
  });
}

/** Plans the tree of a source and the trees that it needs. Throws "usage" and "project"; fetches the bases. */
async function planTree(name: string, command: SuiteOptions, project: Project, host: Host): Promise<TreePlan> {
  const line = await pickLine(project, command.line);
  const from = parseFrom(command.from, await listSources(project, line));
  const reach = { work: project.work, refreshApt: false, host };
  const plan = async (source: Source): Promise<TreePlan> => {
    const needs = await Promise.all(suiteOf(source).needs.map(async (need) => readSource(project, line, need, host)));
    const base = await fetchReachable(source.name, allowedBases(source, from), reach);
    return { name: `${source.name}, patched`, source, base, needs: await Promise.all(needs.map(plan)) };
  };
  return plan(await readSource(project, line, name, host));
}

/** The pin as upstream has it: picks can be the reason for a failure too. */
function withoutPatches({ source, base, needs }: TreePlan): TreePlan {
  return {
    name: `${source.name}, unpatched`,
    source: { ...source, patches: [] },
    base: { ...base, picks: [] },
    needs: needs.map(withoutPatches),
  };
}

/** Maps the name of a patch to its entry in the seed, if it belongs to one. */
async function readEntries(project: Project, source: Source): Promise<(patch: string) => number | undefined> {
  const seed = await readSeed(project);
  return (name) => {
    const patch = source.patches.find((one) => one.name === name);
    return seed.find(({ commit }) => commit.slice(0, 10) === patch?.seed)?.entry;
  };
}

function complain({ source, failures }: SuiteSummary): void {
  const of = (verdict: Verdict) => failures.filter((failure) => failure.verdict === verdict).map(({ test }) => test);
  if (of("regression").length > 0)
    throw new BuildError(
      "build",
      `Regression: ${of("regression").join(", ")}: fails on patched ${source}, but not without the series.`,
    );
  if (of("failed").length > 0)
    throw new BuildError("build", `Failed: ${of("failed").join(", ")}.`, {
      hint: `the same command with --against unpatched shows whether the series is the cause`,
    });
}
