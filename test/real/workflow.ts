import { cp, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { data, Evaluator, Lexer, Parser } from "@actions/expressions";
import { execa } from "execa";
import { parse } from "yaml";

interface Step {
  readonly id?: string;
  readonly if?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string | number | boolean>>;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly container?: string;
  readonly environment?: string;
  readonly needs?: string | readonly string[];
  readonly if?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, string | boolean>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: string | Readonly<Record<string, readonly unknown[]>> };
  readonly outputs?: Readonly<Record<string, string>>;
  readonly "runs-on"?: string;
  readonly "timeout-minutes"?: number;
  readonly steps?: readonly Step[];
}

type Inputs = Readonly<Record<string, { readonly default?: string | boolean; readonly description?: string }>>;

/** The file `action.yml`. */
export interface Action {
  readonly inputs?: Inputs;
  readonly runs: { readonly steps: readonly (Step & { readonly shell?: string })[] };
}

/** A file of `.github/workflows/`. */
export interface Workflow {
  readonly name: string;
  readonly on?: { readonly workflow_call?: { readonly inputs?: Inputs } };
  /** Of an action. */
  readonly inputs?: Inputs;
  readonly permissions: unknown;
  readonly concurrency?: unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

/** Reads a workflow. */
export async function readWorkflow(file: string): Promise<Workflow> {
  return parse(await readFile(file, "utf8")) as Workflow;
}

/** How workflows run on this machine, with the parts of GitHub Actions that ours use. */
export interface Runner {
  /** The repository that is checked out, at `tag`, which may be a branch. */
  readonly origin: string;
  readonly tag: string;
  /** What started the workflow; default: a push. */
  readonly event?: string;
  /** What runs here of an entry of a matrix: the entry, another one, or why none does; default: the entry. */
  readonly choose?: (entry: Context) => Context | string;
  /** The command that runs here in place of a step's; default: the step's. */
  readonly edit?: (command: string) => string;
  /** The jobs to run; default: all. */
  readonly only?: readonly string[];
  /** A folder for work trees, artifacts and what steps write. */
  readonly folder: string;
  /** What the runner sets for each step. */
  readonly env: Readonly<Record<string, string>>;
  readonly token: string;
  /** The folder with the program of a version of Node; default: that which runs the tests. */
  readonly node?: (version: string) => Promise<string>;
  /** The repository that others call workflows and actions of: its name, and where it is. */
  readonly tool?: { readonly name: string; readonly repository: string };
  /** Called for each job and step, run or skipped. */
  readonly report: (text: string) => void;
}

export type Context = Readonly<Record<string, unknown>>;

/**
 * What runs in place of `npm ci`: it has run here, and compiled the program. Another command stays.
 */
export function linkInstalled(command: string): string {
  return command === "npm ci" ? `ln -s ${resolve("node_modules")} . && cp -r ${resolve("build")} .` : command;
}

/**
 * Runs the jobs of a workflow one after the other, as far as this machine is what they ask for.
 * Throws when a step fails.
 */
export async function runWorkflow(file: string, inputs: Context, runner: Runner): Promise<void> {
  const called = calledFile(file, runner);
  const workflow = await readWorkflow(called ?? join(runner.origin, file));
  const needs: Record<string, { result: string; outputs: Record<string, string> }> = {};
  const run = { token: runner.token, run_id: "17", run_attempt: "1", event_name: runner.event ?? "push" };
  const github = { ref_name: runner.tag, ref: `refs/tags/${runner.tag}`, ...run };
  for (const [id, job] of Object.entries(workflow.jobs)) {
    if (runner.only?.includes(id) === false) continue;
    const own = called === undefined ? {} : { workflow_repository: runner.tool?.name, workflow_sha: "main" };
    const context = { inputs: { ...defaultsOf(workflow), ...inputs }, github, needs, job: own };
    const wanted = [job.needs ?? []].flat();
    const isOwnChoice = /\b(always|cancelled)\(\)/.test(job.if ?? "");
    const isReady = isOwnChoice || wanted.every((need) => needs[need]?.result === "success");
    const runs = isReady && evaluate(job.if ?? "true", context) === true;
    runner.report(`${file}: ${id}: ${runs ? "runs" : "skipped"}`);
    if (!runs) needs[id] = { result: "skipped", outputs: {} };
    else if (job.uses === undefined)
      needs[id] = { result: "success", outputs: await runJob(`${basename(file, ".yml")}-${id}`, workflow, job, context, runner) };
    else {
      await runWorkflow(job.uses, fill(job.with ?? {}, context) as Context, runner);
      needs[id] = { result: "success", outputs: {} };
    }
  }
}

async function runJob(name: string, workflow: Workflow, job: Job, context: Context, runner: Runner) {
  const matrix = fill(job.strategy?.matrix ?? { include: [{}] }, context) as { readonly include: readonly Context[] };
  let outputs = {};
  for (const [index, entry] of matrix.include.entries()) {
    const own = { ...context, matrix: entry };
    const machine = fill(job["runs-on"], own);
    const chosen = machine === "ubuntu-24.04" ? (runner.choose?.(entry) ?? entry) : `it needs ${String(machine)}`;
    if (typeof chosen === "string") runner.report(`${name}: not run here: ${chosen}`);
    else outputs = await runSteps(join(runner.folder, `${name}-${index}`), workflow, job, { ...own, matrix: chosen }, runner);
  }
  return outputs as Record<string, string>;
}

/** The path of a workflow of another repository; undefined for one of this one. */
function calledFile(uses: string, { tool }: Runner): string | undefined {
  const [path = ""] = uses.split("@");
  return tool !== undefined && path.startsWith(`${tool.name}/`)
    ? join(tool.repository, path.slice(tool.name.length + 1))
    : undefined;
}

/** The defaults of the inputs of a workflow that is called, or of an action. */
function defaultsOf({ on, inputs = on?.workflow_call?.inputs ?? {} }: Pick<Workflow, "on" | "inputs">): Context {
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.default ?? ""]));
}

async function runSteps(cwd: string, workflow: Workflow, job: Job, context: Context, runner: Runner) {
  await mkdir(cwd, { recursive: true });
  // An action may use what the workflow sets.
  const env = fill(workflow.env ?? {}, context) as Record<string, string>;
  const steps = await runList(
    basename(cwd),
    job.steps ?? [],
    cwd,
    { ...context, env },
    { ...runner, env: { ...runner.env, ...env } },
  );
  return fill(job.outputs ?? {}, { ...context, steps }) as Record<string, string>;
}

/** The folder of an action of ours; undefined for another. */
async function ownAction(uses: string, cwd: string, { tool, folder }: Runner): Promise<string | undefined> {
  if (uses.startsWith("./")) return join(cwd, uses);
  if (tool === undefined || !uses.startsWith(`${tool.name}@`)) return undefined;
  const action = join(folder, "actions", basename(cwd));
  await execa("git", ["clone", "--quiet", `file://${tool.repository}`, action]);
  return action;
}

type Steps = Record<string, { outputs: Record<string, string> }>;

/** Runs the steps of a job, or of a composite action; `name` is that of their logs. Returns what they left. */
async function runList(name: string, list: readonly Step[], cwd: string, context: Context, runner: Runner): Promise<Steps> {
  const steps: Steps = {};
  let { PATH = "" } = runner.env;
  for (const [index, step] of list.entries()) {
    const own = { ...context, steps };
    const runs = evaluate(step.if ?? "true", own) === true;
    runner.report(`  ${step.uses ?? step.run}${runs ? "" : ": skipped"}`);
    if (!runs) continue;
    if (step.uses !== undefined) {
      const given = fill(step.with ?? {}, own) as Record<string, string | number>;
      const action = await ownAction(step.uses, cwd, runner);
      if (action !== undefined) {
        const composite = parse(await readFile(join(action, "action.yml"), "utf8")) as Action;
        const inner = { ...context, inputs: { ...defaultsOf(composite), ...given } };
        const env = { ...runner.env, PATH, GITHUB_ACTION_PATH: action };
        await runList(`${name}-${index}`, composite.runs.steps, cwd, inner, { ...runner, env });
        continue;
      }
      const version = step.uses.startsWith("actions/setup-node@") ? given["node-version"] : undefined;
      if (version === undefined) await useAction(step.uses, given, cwd, runner);
      else if (runner.node !== undefined) PATH = `${await runner.node(String(version))}:${PATH}`;
    }
    if (step.run === undefined) continue;
    if (step.run.startsWith("sudo ")) {
      runner.report("    not run here: it changes the machine");
      continue;
    }
    const command = runner.edit?.(step.run) ?? step.run;
    if (command !== step.run) runner.report(`    run here as: ${command}`);
    const [output, summary] = ["output", "summary"].map((what) => join(runner.folder, `${name}-${index}.${what}`));
    await Promise.all([output, summary].map((path) => writeFile(path ?? "", "")));
    const env = fill({ ...step.env }, own) as Record<string, string>;
    const result = await execa("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", command], {
      cwd,
      env: { ...runner.env, PATH, ...env, GITHUB_WORKSPACE: cwd, GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary },
      extendEnv: false,
      reject: false,
      all: true,
      stdin: "ignore",
    });
    await writeFile(join(runner.folder, `${name}-${index}.log`), result.all);
    if (result.exitCode !== 0) throw new Error(`${command}: exit code ${result.exitCode}\n${result.all}`);
    if (step.id !== undefined) steps[step.id] = { outputs: readOutputs(await readFile(output ?? "", "utf8")) };
  }
  return steps;
}

/** Does on this machine what an action does for us. */
async function useAction(
  uses: string,
  given: Readonly<Record<string, string | number>>,
  cwd: string,
  runner: Runner,
): Promise<void> {
  const artifacts = join(runner.folder, "artifacts");
  switch (uses.split("@")[0]) {
    case "actions/checkout": {
      const depth = given["fetch-depth"] === 0 ? [] : [`--depth=${given["fetch-depth"] ?? 1}`];
      const { repository, ref = runner.tag, path = "." } = given;
      if (repository !== undefined && repository !== runner.tool?.name)
        throw new Error(`repository ${repository} is unknown here`);
      const from = repository === undefined ? runner.origin : (runner.tool?.repository ?? "");
      await execa("git", ["clone", "--quiet", ...depth, "--branch", String(ref), `file://${from}`, join(cwd, String(path))]);
      return;
    }
    case "actions/setup-node":
    // Nothing was cached before the first run.
    case "actions/cache":
    case "actions/cache/restore":
    case "actions/cache/save":
      return;
    case "actions/upload-artifact":
      await cp(join(cwd, String(given["path"])), join(artifacts, String(given["name"])), { recursive: true });
      return;
    case "actions/download-artifact": {
      const [name, to] = [given["name"], join(cwd, String(given["path"]))];
      if (name !== undefined) return cp(join(artifacts, String(name)), to, { recursive: true });
      const prefix = String(given["pattern"]).replace(/\*$/, "");
      await mkdir(to, { recursive: true });
      for (const found of await readdir(artifacts))
        if (found.startsWith(prefix)) await cp(join(artifacts, found), join(to, found), { recursive: true });
      return;
    }
    case "actions/attest": {
      const sums = join(cwd, String(given["subject-checksums"]));
      await execa("sha256sum", ["--check", "--strict", basename(sums)], { cwd: join(sums, "..") });
      return;
    }
    default:
      throw new Error(`action ${uses} is unknown here`);
  }
}

function readOutputs(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(/^(\S+)<<(\S+)\n([^]*?)\n\2$/gm)].map(([, name, , value]) => [name, value]));
}

/**
 * Fills in the expressions of a value; a text that is one expression becomes that expression's
 * value.
 */
function fill(value: unknown, context: Context): unknown {
  if (typeof value === "string") {
    const [, whole] = /^\$\{\{((?:(?!\}\}).)*)\}\}$/.exec(value) ?? [];
    if (whole !== undefined) return evaluate(whole, context);
    return value.replaceAll(/\$\{\{(.*?)\}\}/g, (_, expression: string) => String(evaluate(expression, context)));
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, context));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fill(inner, context)]));
}

const checks = [["always", true] as const, ["cancelled", false] as const].map(([name, is]) => ({
  ...{ name, minArgs: 0, maxArgs: 0 },
  call: () => new data.BooleanData(is),
}));

/**
 * The value of an expression
 * (https://docs.github.com/en/actions/reference/workflows-and-actions/expressions), by GitHub's own
 * parser.
 */
function evaluate(expression: string, context: Context): unknown {
  const names = Object.keys(context);
  const { tokens } = new Lexer(expression.trim()).lex();
  const tree = new Parser(tokens, names, checks).parse();
  const values = JSON.parse(JSON.stringify(context), data.reviver) as data.Dictionary;
  const result: unknown = JSON.parse(
    JSON.stringify(new Evaluator(tree, values, new Map(checks.map((check) => [check.name, check]))).evaluate(), data.replacer),
  );
  return result ?? "";
}
