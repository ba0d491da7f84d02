import { stat } from "node:fs/promises";
import { join } from "node:path";
import { describeLine, isEnded, readLines, type Line } from "../config/lines.ts";
import { readPipelines } from "../config/pipeline.ts";
import { distFolder, type Project } from "../config/project.ts";
import type { Manifest } from "../dist/manifest.ts";
import { findDists, readManifestOf } from "../dist/read.ts";
import { BuildError } from "../errors.ts";
import { examples, jsonOption } from "../program/values.ts";
import type { Define } from "../program/verb.ts";
import { readRun } from "../report/page/read.ts";
import type { JobState, Run } from "../report/page/run.ts";
import type { Style } from "../report/style.ts";
import { listRuns, runsFolder } from "../run/prune-runs.ts";
import { exists } from "../sys/files.ts";
import { Json } from "../sys/json.ts";
import { printable } from "../sys/printable.ts";
import { count, minute } from "../sys/text.ts";

/** What a project can build, what it built last, and what may be typed next. */
interface Status {
  readonly project: string;
  readonly targets: readonly Target[];
  /** Oldest first. */
  readonly lines: readonly (Line & { readonly default: boolean; readonly ended: boolean })[];
  readonly built: readonly Built[];
  /** Absent if nothing was run. */
  readonly lastRun?: LastRun;
  readonly next: readonly { readonly command: string; readonly effect: string }[];
}

interface Target {
  readonly target: string;
  readonly toolchain?: string;
  readonly jobs: readonly string[];
  readonly variants: readonly string[];
}

type What = Pick<Manifest, "target" | "line" | "variant" | "arch">;

/** What a folder of artifacts has; only `problem` if its manifest cannot be read. */
type Built = { readonly folder: string } & (
  | { readonly problem: string }
  | (What & { readonly artifacts: number; readonly written: string })
);

interface LastRun {
  readonly run: string;
  readonly state: Run["state"];
  /** When it ended, or was last seen. */
  readonly ended: string;
  /** Absent if it ended before it had a plan. */
  readonly plan?: What;
  readonly jobs: readonly { readonly job: string; readonly state: JobState }[];
}

/** `kovn-build status`: shows what can be built and what was built last. */
export const status: Define = (command, { project: find, host, print }) => {
  command
    .addOption(jsonOption())
    .addHelpText("after", examples(["kovn-build status", "show targets, lines, what is in dist/, and the last run"]))
    .action(async ({ json }: { readonly json: boolean }) => {
      const found = await readStatus(await find(), host.mask ?? ((text) => text));
      print(json ? new Json({ schema: 1, ...found }) : (style) => showStatus(found, style));
    });
};

async function readStatus(project: Project, mask: (text: string) => string): Promise<Status> {
  const pipelines = await readPipelines(project);
  const targets = pipelines.map(({ target, toolchain, jobs, flags }) => ({
    target,
    ...(toolchain === undefined ? {} : { toolchain }),
    jobs: Object.keys(jobs),
    variants: Object.keys(flags),
  }));
  const { all, first } = await readLines(project);
  const lines = all.map((line) => ({ ...line, default: line.name === first?.name, ended: isEnded(line) }));
  const built = await readBuilt(distFolder(project));
  const lastRun = await readLastRun(project, mask);
  const known = { targets, built, ...(lastRun === undefined ? {} : { lastRun }) };
  return { project: project.root, lines, ...known, next: nextOf(known) };
}

async function readBuilt(dist: string): Promise<readonly Built[]> {
  if (!(await exists(dist))) return [];
  const folders = await findDists(dist).catch((error: unknown): readonly string[] => {
    // Nothing in it was built.
    if (error instanceof BuildError) return [];
    throw error;
  });
  return Promise.all(folders.map(readOne));
}

async function readOne(folder: string): Promise<Built> {
  try {
    const { target, line, variant, arch, artifacts } = (await readManifestOf(folder)).manifest;
    const { mtime } = await stat(join(folder, "artifacts.json"));
    return { folder, target, line, variant, arch, artifacts: artifacts.length, written: mtime.toISOString() };
  } catch (error) {
    if (error instanceof BuildError) return { folder, problem: error.message };
    throw error;
  }
}

/** The newest run that left events. */
async function readLastRun({ work }: Project, mask: (text: string) => string): Promise<LastRun | undefined> {
  for (const name of await listRuns(work)) {
    const folder = join(runsFolder(work), name);
    if (!(await exists(join(folder, "events.jsonl")))) continue;
    const { state, end, plan, jobs } = (await readRun(folder, mask)).run;
    return {
      run: name,
      state,
      ended: new Date(end).toISOString(),
      ...(plan === undefined ? {} : { plan: { target: plan.target, line: plan.line, variant: plan.variant, arch: plan.arch } }),
      jobs: jobs.map((job) => ({ job: job.id, state: job.state })),
    };
  }
  return undefined;
}

function nextOf({ targets, built, lastRun }: Pick<Status, "targets" | "built" | "lastRun">): Status["next"] {
  const target = lastRun?.plan?.target ?? targets[0]?.target ?? "linux";
  const isWrong = lastRun !== undefined && lastRun.state !== "done" && lastRun.state !== "running";
  return [
    ...(isWrong ? [{ command: "kovn-build report --open", effect: "see what went wrong in the last run" }] : []),
    { command: `kovn-build doctor --target ${target}`, effect: "check what is missing on this machine" },
    { command: `kovn-build --target ${target}`, effect: built.length === 0 ? "build" : "build what changed" },
    ...(built.length === 0
      ? []
      : [
          { command: "kovn-build verify", effect: "check what was built" },
          { command: "kovn-build publish --to apt=DIR", effect: "publish it" },
        ]),
    { command: "kovn-build --help", effect: "list all commands" },
  ];
}

/** A text in a column, and its color. */
type Cell = string | readonly [text: string, color: Color];
type Color = "failed" | "warning" | "done" | "dim";

const colors: Readonly<Record<Run["state"], Color>> = {
  done: "done",
  failed: "failed",
  killed: "failed",
  stopped: "warning",
  running: "dim",
};

function showStatus({ project, targets, lines, built, lastRun, next }: Status, style: Style): string {
  const block = (heading: string, rows: readonly (readonly Cell[])[]) => showBlock(heading, rows, style);
  return [
    `Project ${printable(project)}\n`,
    block("Can be built", targets.map(showTarget)),
    block("Lines", lines.map(showLine)),
    block("Built", built.length === 0 ? [["nothing"]] : built.map(showBuilt)),
    block("Last run", lastRun === undefined ? [["none"]] : [showRun(lastRun)]),
    block(
      "Next",
      next.map(({ command, effect }) => [command, effect]),
    ),
  ].join("\n");
}

function showTarget({ target, toolchain, jobs, variants }: Target): readonly Cell[] {
  const words = `--target ${target}${toolchain === undefined ? "" : ` --toolchain ${toolchain}`}`;
  return [words, `jobs ${jobs.join(", ")}`, `variants ${variants.join(", ")}`];
}

function showLine(line: Status["lines"][number]): readonly Cell[] {
  const about = describeLine(line, "").replace(/^ \((.*)\)$/, "$1");
  return [`--line ${line.name}`, about, line.default ? "default" : "", line.ended ? ["support ended", "warning"] : ""];
}

function showBuilt(one: Built): readonly Cell[] {
  if ("problem" in one) return [one.folder, [one.problem, "failed"]];
  return [one.folder, showWhat(one), count(one.artifacts, "artifact"), minute(one.written)];
}

function showRun({ run, state, ended, plan, jobs }: LastRun): readonly Cell[] {
  const what = plan === undefined ? "" : `${plan.target}, ${showWhat(plan)}`;
  return [run, [state, colors[state]], what, minute(ended), jobs.map((one) => `${one.job} ${one.state}`).join(", ")];
}

function showWhat({ line, variant, arch }: What): string {
  return `line ${line}, ${variant}, ${arch}`;
}

/** A heading, and rows in columns. */
function showBlock(heading: string, rows: readonly (readonly Cell[])[], style: Style): string {
  const plain = rows.map((row) => row.map((cell) => printable(typeof cell === "string" ? cell : cell[0])));
  const widths = (plain[0] ?? []).map((_, column) => Math.max(...plain.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row, index) => {
    const texts = plain[index] ?? [];
    const cells = row.map((cell, column) => {
      const text = texts[column] ?? "";
      const shown = typeof cell === "string" ? text : style[cell[1]](text);
      return `${shown}${" ".repeat(Math.max(0, (widths[column] ?? 0) - text.length))}`;
    });
    return `  ${cells.join("  ").trimEnd()}\n`;
  });
  return `${heading}\n${lines.join("")}`;
}
