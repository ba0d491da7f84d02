import { checkLinesFile } from "../config/lines.ts";
import { readLock, unlockedLine, type Lock } from "../config/lock.ts";
import type { Project } from "../config/project.ts";
import { readSeed } from "../config/seed.ts";
import { listSources, readSource, type Source } from "../config/source.ts";
import { BuildError } from "../errors.ts";
import { declaredBases, type From } from "../plan/base.ts";
import type { Host } from "../sys/exec.ts";
import { runTask } from "../sys/run-task.ts";
import { filesCheck, checkLock, checkSource, type Finding } from "./check.ts";
import { checkSeed } from "./check-seed.ts";
import { checkKubeOvn } from "./kube-ovn.ts";
import type { MirrorOptions } from "./mirror.ts";

/** What was read, or the findings on why it was not. */
type Read<T> = { readonly value: T } | { readonly findings: readonly Finding[] };

/**
 * Checks a line: its lock, each source, and that each entry of the seed and each change of
 * Kube-OVN's own is accounted for. What is wrong with one of them does not hide what is wrong with
 * the others.
 */
export async function checkLine(line: string, from: From, project: Project, host: Host): Promise<readonly Finding[]> {
  const seed = await attempt("all", host, async () => readSeed(project));
  const lock = await attempt("all", host, async () => readLock(project, line));
  const names = await attempt("all", host, async () => listSources(project, line));
  const read = await runTask(host, `read the series of line ${line}`, async (below) =>
    Promise.all(
      ("value" in names ? names.value : []).map(async (name) =>
        attempt(name, below, async () => readSource(project, line, name, below)),
      ),
    ),
  );
  const findings = [seed, lock, names, ...read].flatMap((one) => ("findings" in one ? one.findings : []));
  const sources = read.flatMap((one) => ("value" in one ? [one.value] : []));
  if ("value" in lock && lock.value === undefined)
    findings.push({ source: "all", check: "lock", outcome: "failed", detail: unlockedLine(line) });
  // Sources that cannot be read have entries too.
  const areWhole = "value" in names && sources.length === read.length;
  if ("value" in seed && areWhole) findings.push(checkSeed(seed.value, sources));
  const theirs = areWhole ? await attempt("all", host, async () => checkKubeOvn(project, line, sources)) : { value: undefined };
  const own = "value" in theirs ? theirs.value : undefined;
  findings.push(...("findings" in theirs ? theirs.findings : own === undefined ? [] : [own.finding]));
  for (const [index, source] of sources.entries()) {
    const title = `check ${source.name}, source ${index + 1} of ${sources.length}`;
    const whole = { ...source, merged: [...source.merged, ...(own?.merged[source.name] ?? [])] };
    const checked = await attempt(source.name, host, async () =>
      runTask(host, title, async (below) =>
        checkOne(whole, from, "value" in lock ? lock.value : undefined, { work: project.work, host: below }),
      ),
    );
    findings.push(...("value" in checked ? checked.value : checked.findings));
  }
  return findings;
}

/** Checks `patches/lines.yaml`, if the project has it. */
export async function checkLines(project: Project, host: Host): Promise<readonly Finding[]> {
  const checked = await attempt("all", host, async () => checkLinesFile(project));
  if ("findings" in checked) return checked.findings;
  if (checked.value === undefined) return [];
  return [{ source: "all", check: "lines", outcome: "ok", detail: checked.value }];
}

/** Does work on a line or one of its sources; what is wrong becomes findings. */
export async function attempt<T>(source: string, { signal }: Host, work: () => Promise<T>): Promise<Read<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    if (!(error instanceof BuildError) || signal.aborted || error.code === "machine") throw error;
    const check = error.code === "project" ? filesCheck : "can be checked";
    const rows = error.message.split("\n");
    const at = error.at.length === rows.length ? rows.map((_, index) => error.at.slice(index, index + 1)) : [error.at];
    return { findings: rows.map((detail, index) => ({ source, check, outcome: "failed", detail, at: at[index] ?? [] })) };
  }
}

async function checkOne(source: Source, from: From, lock: Lock | undefined, options: MirrorOptions): Promise<readonly Finding[]> {
  const locked = lock?.sources[source.name];
  const found = await checkSource(source, { ...options, bases: declaredBases(source, from), locked });
  return [...(lock === undefined ? [] : [checkLock(source, locked)]), ...found];
}
