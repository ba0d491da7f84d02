import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Source, Suite } from "../config/source.ts";
import { BuildError } from "../errors.ts";
import { checkoutPatched, describeWork } from "../patches/apply.ts";
import type { Fetched } from "../patches/mirror.ts";
import { keyOf } from "../plan/key.ts";
import { pickContent } from "../plan/picks.ts";
import { openLog, type Log } from "../run/log.ts";
import { quoteLog } from "../run/quote-log.ts";
import { cleanEnv } from "../steps/clean-env.ts";
import { exec, type Host, type OnLines } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { readText } from "../sys/read-file.ts";
import { runTask } from "../sys/run-task.ts";
import type { Task } from "../sys/task.ts";
import { syncTree } from "../sys/sync.ts";
import { writeWhole } from "../sys/write-whole.ts";
import { quoteWords } from "../sys/quote.ts";

/** A source with all or none of its picks and patches, built so that upstream's tests can run in it. */
export interface Tree {
  /** For people, such as `ovs, patched`. */
  readonly name: string;
  readonly source: Source;
  readonly suite: Suite;
  /** The tree's folder: `src/`, `git/` (what was `src/.git`), `logs/` and results. */
  readonly dir: string;
  readonly src: string;
  /** The commit below picks and series. */
  readonly base: string;
  /** The picks that were taken onto it. */
  readonly picks: Fetched["picks"];
  /** The commit that was built. */
  readonly commit: string;
}

/** A source to build, with or without its picks and patches. */
export interface TreePlan {
  readonly name: string;
  readonly source: Source;
  readonly base: Fetched;
  /** The trees to build first. */
  readonly needs: readonly TreePlan[];
}

export interface TreeOptions {
  /** The `.kovn` folder. */
  readonly work: string;
  /** How many processes `make` starts, and how many tests run at once. */
  readonly parallel: number;
  readonly host: Host;
}

/**
 * A tree's folder. It depends on base, picks, series, configuration and needed trees, so a built tree
 * never becomes outdated.
 */
export function treeDir(plan: TreePlan, work: string): string {
  return join(work, "suites", `${plan.source.name}-${treeKey(plan).slice(0, 16)}`);
}

function treeKey({ source, base, needs }: TreePlan): string {
  const patches = source.patches.map((patch) => patch.sha256);
  const picks = base.picks.length === 0 ? {} : { picks: base.picks.map(pickContent) };
  return keyOf({ base: base.commit, ...picks, patches, configure: suiteOf(source).configure, needs: needs.map(treeKey) });
}

/** How the tests of a source are built. Throws "project" when its source.yaml has no `suite`. */
export function suiteOf(source: Source): Suite {
  if (source.suite !== undefined) return source.suite;
  throw new BuildError("project", `Source \`${source.name}\` has no tests to run: its source.yaml has no \`suite\`.`);
}

/**
 * Builds a tree and the trees that it needs with `boot.sh`, `configure` and `make`, unless they are
 * built already. Throws "patch" when a patch does not apply, "build" when a program fails; its
 * output is in `logs/`.
 */
export async function buildTree(plan: TreePlan, options: TreeOptions): Promise<Tree> {
  const needed: Tree[] = [];
  for (const need of plan.needs) needed.push(await buildTree(need, options));
  const { name, source, base } = plan;
  const dir = treeDir(plan, options.work);
  const suite = suiteOf(source);
  const tree = (commit: string): Tree => ({
    name,
    source,
    suite,
    dir,
    src: join(dir, "src"),
    base: base.commit,
    picks: base.picks,
    commit,
  });
  const marker = join(dir, "built");
  if (await exists(marker)) return tree((await readText(marker, "a project file")).trim());
  await rm(dir, { recursive: true, force: true });
  for (const folder of ["home", "tmp", "logs"]) await mkdir(join(dir, folder), { recursive: true });
  const { commit } = await runTask(options.host, `${name}: apply ${describeWork(source, base)}`, async (host) =>
    checkoutPatched(source, base, join(dir, "src"), host),
  );
  const built = tree(commit);
  // In a git repository, upstream's build fails on files that its lists lack. Packages are built
  // without git too.
  await rename(join(built.src, ".git"), join(dir, "git"));
  // Debian's tarball contains suites made from upstream's tests, without those of the series.
  for (const program of Object.values(suite.check)) await rm(join(built.src, program), { force: true });
  const withs = needed.map((need) => `--with-${need.source.name}-source=${relative(built.src, need.src)}`);
  await mustRun(built, "boot", ["./boot.sh"], options);
  await mustRun(built, "configure", ["./configure", ...suite.configure, ...withs], options);
  await mustRun(built, "make", ["make", `-j${options.parallel}`], options);
  await mustRun(built, "make-tests", ["make", ...Object.values(suite.check)], options);
  await syncTree(dir);
  await writeWhole(marker, `${commit}\n`);
  return built;
}

async function mustRun(tree: Tree, phase: string, command: readonly string[], options: TreeOptions): Promise<void> {
  const { exitCode, log } = await runPhase(tree, phase, command, options);
  if (exitCode === 0) return;
  const { errors, last } = quoteLog({ errors: log.errors(), tail: log.tail() });
  const quoted = errors.length === 0 ? last : [...errors, "end of the log:", ...last];
  const what = [`\`${command.join(" ")}\` failed with exit code ${exitCode}.`, ...quoted.map((line) => `  ${line}`)].join("\n");
  const { code, message, hint } = phaseFailed(tree, phase, what);
  throw new BuildError(code, message, { hint: `${hint}, or kovn-build doctor --target linux` });
}

/** The error for a phase that failed. */
export function phaseFailed(tree: Tree, phase: string, what: string): BuildError {
  return new BuildError("build", `Tests of ${tree.name}: ${what}`, { hint: quoteWords(["less", "+G", logOf(tree, phase)]) });
}

function logOf(tree: Tree, phase: string): string {
  return join(tree.dir, "logs", `${phase}.log`);
}

/** Receives a line of output, with the task that shows the phase. */
export type OnPhaseLine = (line: string, task: Task) => void;

/** Runs a command in the tree's `src/`, with its output in a log. Returns its exit code and the log. */
export async function runPhase(
  tree: Tree,
  phase: string,
  [program = "", ...args]: readonly string[],
  options: TreeOptions,
  onLine: OnPhaseLine = (line, task) => task.say(line),
): Promise<{ readonly exitCode: number; readonly log: Log }> {
  const log = openLog(logOf(tree, phase));
  await mkdir(dirname(log.path), { recursive: true });
  return runTask(options.host, `${tree.name}: ${phase}`, async (host) => {
    const onLines: OnLines = async (lines) => {
      await log.write(lines);
      for (const line of lines) onLine(line, host.task);
    };
    try {
      const { exitCode } = await exec(program, args, {
        host: { ...host, env: {} },
        cwd: tree.src,
        env: cleanEnv(tree.dir),
        onLines,
      });
      return { exitCode, log };
    } finally {
      await log.close();
    }
  });
}
