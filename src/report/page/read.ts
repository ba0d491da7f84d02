import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { readManifest, type Manifest } from "../../dist/manifest.ts";
import { BuildError } from "../../errors.ts";
import { exists } from "../../sys/files.ts";
import { readText } from "../../sys/read-file.ts";
import { isLocked, lockIn } from "../../sys/with-lock.ts";
import { parseEvents } from "./event.ts";
import { readExcerpt, type LogLine } from "./excerpt.ts";
import { makeRun, type Run } from "./run.ts";

/** An earlier run and what it made. */
export interface EarlierRun {
  readonly name: string;
  readonly manifest: Manifest;
}

/** All that a run's folder says about the run. */
export interface RunFolder {
  readonly run: Run;
  /** Undefined for a run that made nothing. */
  readonly manifest: Manifest | undefined;
  /** The last earlier run of the same target, line and variant that made something. */
  readonly earlier: EarlierRun | undefined;
  /** Lines of the logs of failed jobs, by job. */
  readonly excerpts: ReadonlyMap<string, readonly LogLine[]>;
  /** What is missing or damaged, in sentences. */
  readonly missing: readonly string[];
}

/**
 * Reads the folder of a run. `mask` removes secrets. Only `events.jsonl` must be there: throws
 * "usage" when it cannot be read.
 */
export async function readRunFolder(folder: string, mask: (text: string) => string): Promise<RunFolder> {
  const { run, missing } = await readRun(folder, mask);
  const manifest = await readManifestOf(folder, run, missing);
  const excerpts = new Map<string, readonly LogLine[]>();
  for (const { id, end } of run.jobs) {
    if (end?.outcome !== "failed") continue;
    const lines = await readExcerpt(
      join(folder, id, "log"),
      end.errors.map(({ line }) => line),
      mask,
    );
    if (lines === undefined) missing.push(`The log of job \`${id}\` is gone: only its last lines are known.`);
    else excerpts.set(id, lines);
  }
  return { run, manifest, earlier: manifest && (await findEarlier(folder, manifest)), excerpts, missing };
}

/**
 * Reads a run from the events in its folder; `missing` is what they lack, in sentences. `mask` removes
 * secrets. Throws "usage" when the events cannot be read.
 */
export async function readRun(
  folder: string,
  mask: (text: string) => string,
): Promise<{ readonly run: Run; readonly missing: string[] }> {
  const name = basename(folder);
  const text = await readText(join(folder, "events.jsonl"), "a log").catch((cause: unknown) => {
    throw new BuildError("usage", `Run \`${name}\` has no readable events.jsonl in ${folder}, so nothing is known about it.`, {
      cause,
    });
  });
  const { events, isCut, damaged, isLong } = parseEvents(text, mask);
  const isRunning = await isLocked(lockIn(folder));
  const run = makeRun(name, events, { isRunning, until: isRunning ? Date.now() : await lastChange(folder) });
  const missing: string[] = [];
  if (isCut && !isRunning) missing.push("events.jsonl ends in the middle of a line: the rest of the run is unknown.");
  if (isLong) missing.push(`events.jsonl has more events than are shown: what came after ${events.length} is left out.`);
  if (damaged > 0) missing.push(`${damaged} of the lines of events.jsonl cannot be read.`);
  return { run, missing };
}

/** When a file of a run was last written: its events, or the log of a job. */
async function lastChange(folder: string): Promise<number> {
  const jobs = await readdir(folder);
  const files = [join(folder, "events.jsonl"), ...jobs.map((job) => join(folder, job, "log"))];
  const times = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.round(Math.max(...times));
}

async function readManifestOf(folder: string, run: Run, missing: string[]): Promise<Manifest | undefined> {
  if (!(await exists(join(folder, "artifacts.json")))) {
    if (run.state === "done") missing.push("artifacts.json is gone: what was built is known from the events only.");
    return undefined;
  }
  const manifest = await readable(folder);
  if (manifest === undefined) missing.push("artifacts.json cannot be read.");
  return manifest;
}

/** Finds the last run before this one with the same target, line and variant. */
async function findEarlier(folder: string, { target, line, variant }: Manifest): Promise<EarlierRun | undefined> {
  const names = (await readdir(dirname(folder))).filter((name) => name < basename(folder));
  // A name starts with the time of the run.
  for (const name of names.toSorted().toReversed()) {
    const manifest = await readable(join(dirname(folder), name));
    if (manifest?.target === target && manifest.line === line && manifest.variant === variant) return { name, manifest };
  }
  return undefined;
}

async function readable(folder: string): Promise<Manifest | undefined> {
  return readManifest(join(folder, "artifacts.json")).catch((error: unknown) => {
    if (error instanceof BuildError) return undefined;
    throw error;
  });
}
