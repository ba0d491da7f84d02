import { join } from "node:path";
import { lockName, type LockedSource } from "../../config/lock.ts";
import { readSeed } from "../../config/seed.ts";
import { readSource, type Source } from "../../config/source.ts";
import { BuildError, withDetails } from "../../errors.ts";
import { declaredBases, pinOf } from "../../plan/base.ts";
import { runTask } from "../../sys/run-task.ts";
import { withScratch } from "../../sys/with-scratch.ts";
import { lockBases, writeLockOf } from "../lock-bases.ts";
import { lockSource } from "../lock.ts";
import { probeBase } from "../mirror.ts";
import { makeFolder, putFolder } from "../new-folder.ts";
import type { Change } from "./change.ts";
import { previewOf, type Preview } from "./preview.ts";
import { withReady, type ChangeContext, type Ready } from "./ready.ts";

/** A change that is ready to be written: the new folder, and the source and its lock as they become. */
export interface Prepared {
  readonly next: string;
  readonly made: Source;
  readonly locked: LockedSource | undefined;
  readonly preview: Preview;
}

export interface ChangeOptions {
  /** True to write nothing. */
  readonly dryRun: boolean;
  /** Shows what will be written, before it is. */
  readonly show: (preview: Preview) => void;
}

/**
 * Changes a source: its series, revision and lock, after the new series applied strictly to each
 * base that can be reached. Returns what was written; undefined if `plan` finds nothing to change.
 * Throws "patch" and writes nothing when the series does not apply.
 */
export async function changeSource(
  plan: (source: Source) => Change | undefined,
  context: ChangeContext,
  { dryRun, show }: ChangeOptions,
): Promise<Preview | undefined> {
  const { project, name, host } = context;
  return withReady(context, async (ready) => {
    const change = plan(ready.source);
    if (change === undefined) return undefined;
    return runTask(host, `change ${name}`, async (below) =>
      withScratch(project.work, "change", below, async (scratch) => {
        const prepared = await prepareChange(change, ready, scratch, { ...context, host: below });
        show(prepared.preview);
        if (!dryRun) await writeChange(prepared, ready, context);
        return prepared.preview;
      }),
    );
  });
}

/** Makes the new folder of a source in `scratch`, and its lock. Throws as `changeSource` does. */
export async function prepareChange(
  change: Change,
  { source, dir, shown, lock }: Ready,
  scratch: string,
  context: ChangeContext,
): Promise<Prepared> {
  const { project, line, name, host } = context;
  // Beside nothing else, so that it is read like a project.
  const root = join(scratch, "root");
  const next = join(root, shown);
  const values = { revision: source.revision + 1 };
  const { lists, renamed = new Map<string, string>(), mails = new Map<string, Buffer>() } = change;
  const changes = { values, drop: { picks: [], alternates: [] }, merged: [] };
  await makeFolder(source, { lists, renamed, mails, changes }, dir, next);
  const made = await readSource({ ...project, root }, line, name, host);
  const old = lock?.sources[name];
  const locked =
    renamed.size > 0 ? await renameLocked(made, old, context) : await tryLock(made, old, change, { dir, next }, context);
  const seed = await readSeed(project);
  const preview = await previewOf({ source, made, old, locked, change, dir, next, seed }, context);
  return { next, made, locked, preview };
}

/** Writes a change: the folder at once, then the lock. */
export async function writeChange({ next, locked }: Prepared, { dir, lock }: Ready, context: ChangeContext): Promise<void> {
  await putFolder(next, dir);
  if (lock !== undefined && locked !== undefined) await writeLockOf(context.name, locked, lock, context.line, context.project);
}

/** What a change writes, for people. */
export function writtenPaths(line: string, source: string, hasLock: boolean): readonly string[] {
  return [`patches/${line}/${source}`, ...(hasLock ? [lockName(line)] : [])];
}

/** Commits do not depend on the names of files. */
async function renameLocked(
  made: Source,
  old: LockedSource | undefined,
  { project, host }: ChangeContext,
): Promise<LockedSource | undefined> {
  if (old === undefined) return undefined;
  return { ...(await lockSource(made, old, new Map(), { work: project.work, host })), bases: old.bases };
}

async function tryLock(
  made: Source,
  old: LockedSource | undefined,
  { gone, refusal }: Change,
  { dir, next }: { readonly dir: string; readonly next: string },
  { project, name, from, host }: ChangeContext,
): Promise<LockedSource> {
  const mirror = { work: project.work, host };
  await probeBase(pinOf(made, from), { ...mirror, refreshApt: false }).catch((error: unknown) => {
    if (!(error instanceof BuildError) || error.code !== "network") throw error;
    throw withDetails(error, { source: name, hint: `--from ${name}=PATH_OR_URL` });
  });
  try {
    return await lockBases(made, declaredBases(made, from), old, { ...mirror, gone });
  } catch (error) {
    if (!(error instanceof BuildError) || error.code !== "patch") throw error;
    // The new folder is gone then.
    const at = error.at.map((place) => ({ ...place, file: place.file.replace(next, dir) }));
    throw withDetails(error, { message: `${refusal.message}\n${error.message}`, hint: refusal.hint, at });
  }
}
