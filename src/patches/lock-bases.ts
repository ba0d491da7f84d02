import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { lockName, type Lock, type LockedSource } from "../config/lock.ts";
import type { Project } from "../config/project.ts";
import type { Source } from "../config/source.ts";
import { baseId, describeBase, type Base } from "../plan/base.ts";
import type { Host } from "../sys/exec.ts";
import { runTask } from "../sys/run-task.ts";
import { removeStale } from "../sys/staging.ts";
import { lockBeside, withLock } from "../sys/with-lock.ts";
import type { Patched } from "./apply.ts";
import { whyUnavailable } from "./check.ts";
import { BuildError, withDetails } from "../errors.ts";
import { lockSource, tryBase, writeLock, type TryOptions } from "./lock.ts";

/**
 * Runs `work` while no other process writes the lock of a line, after it removed what a killed one
 * left beside it.
 */
export async function withLineLock<T>(line: string, project: Project, host: Host, work: () => Promise<T>): Promise<T> {
  await mkdir(project.work, { recursive: true });
  const file = lockBeside(join(project.work, `lock-${line}`));
  return withLock(file, { host, other: `is writing ${lockName(line)}` }, async () => {
    await removeStale(join(project.root, lockName(line)));
    return work();
  });
}

/** Writes the lock of a line with that of one source; the others stay as they are. Call it with the lock's own lock. */
export async function writeLockOf(name: string, locked: LockedSource, old: Lock, line: string, project: Project): Promise<void> {
  await writeLock(join(project.root, lockName(line)), { ...old, sources: { ...old.sources, [name]: locked } });
}

/** Makes the lock of a source, with a notice for each base that is unavailable. */
export async function lockBases(
  source: Source,
  bases: readonly Base[],
  old: LockedSource | undefined,
  mirror: TryOptions,
): Promise<LockedSource> {
  const patched = new Map<Base, Patched>();
  const unavailable: (readonly [base: Base, why: string])[] = [];
  for (const [index, base] of bases.entries()) {
    const title = `${source.name}, base ${index + 1} of ${bases.length}`;
    await runTask(mirror.host, title, async (host) => {
      const absent = await whyUnavailable(base, { ...mirror, host });
      if (absent === undefined) patched.set(base, await tryHere(source, base, { ...mirror, host }));
      else unavailable.push([base, absent]);
    });
  }
  const locked = await lockSource(source, old, patched, mirror);
  for (const [base, why] of unavailable) mirror.host.task.notice(describeUnavailable(source, base, why, locked));
  return locked;
}

/** The error of an alternate says so: the same series applies to the pin. */
async function tryHere(source: Source, base: Base, options: TryOptions): Promise<Patched> {
  return tryBase(source, base, options).catch((error: unknown) => {
    if (base.kind === "git" || !(error instanceof BuildError) || error.code !== "patch") throw error;
    throw withDetails(error, { message: `${error.message}\nThis is alternate ${describeBase(base)}.` });
  });
}

function describeUnavailable({ name }: Source, base: Base, why: string, { bases }: LockedSource): string {
  const effect = bases[baseId(base)] === undefined ? "`build` refuses it until it is locked again" : "the lock keeps its commit";
  return `${name}: ${describeBase(base)} is unavailable, so ${effect}: ${why}`;
}
