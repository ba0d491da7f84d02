import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { lockName, readLock, type LockedSource } from "../../config/lock.ts";
import { assertOwn, pickLine, type Project } from "../../config/project.ts";
import { listSources, readSources, type Source } from "../../config/source.ts";
import type { Patched } from "../../patches/apply.ts";
import { whyUnavailable } from "../../patches/check.ts";
import type { MirrorOptions } from "../../patches/mirror.ts";
import { lockSource, tryBase, writeLock } from "../../patches/lock.ts";
import { baseId, declaredBases, describeBase, type Base } from "../../plan/base.ts";
import { examples, pinOption, lineOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import type { Host } from "../../sys/exec.ts";
import { runTask } from "../../sys/run-task.ts";
import { removeStale } from "../../sys/staging.ts";
import { lockBeside, withLock } from "../../sys/with-lock.ts";
import { parseFrom } from "../../config/from.ts";
import { makeRecord } from "../../record.ts";

interface PatchesLockOptions {
  readonly line?: string;
  readonly from: readonly string[];
}

/** `kovn-build patches lock`: updates a line's lock from its series and the available bases. */
export const patchesLock: Define = (command, context) => {
  command
    .addOption(lineOption())
    .addOption(pinOption())
    .addHelpText("after", examples(["kovn-build patches lock --from ovs=../ovs", "lock the series as it is now"]))
    .action(async (options: PatchesLockOptions) => {
      const project = await context.project();
      context.print(await context.report.run(async ({ host }) => lockAlone(options, project, host)));
    });
};

/** Writes the lock while no other process does, and removes what a killed one left beside it. */
async function lockAlone(options: PatchesLockOptions, project: Project, host: Host): Promise<string> {
  assertOwn(project);
  const line = await pickLine(project, options.line);
  await mkdir(project.work, { recursive: true });
  const file = lockBeside(join(project.work, `lock-${line}`));
  return withLock(file, { host, other: `is writing ${lockName(line)}` }, async () => {
    await removeStale(join(project.root, lockName(line)));
    return lock(line, options, project, host);
  });
}

/** Writes the lock. Returns its content, one row per base. */
async function lock(line: string, options: PatchesLockOptions, project: Project, host: Host): Promise<string> {
  const from = parseFrom(options.from, await listSources(project, line), []);
  const old = await readLock(project, line);
  const sources = makeRecord<LockedSource>();
  const all = await runTask(host, `read the series of line ${line}`, async (below) => readSources(project, line, below));
  for (const [index, source] of all.entries()) {
    const title = `lock ${source.name}, source ${index + 1} of ${all.length}`;
    sources[source.name] = await runTask(host, title, async (below) =>
      lockBases(source, declaredBases(source, from), old?.sources[source.name], { work: project.work, host: below }),
    );
  }
  await writeLock(join(project.root, lockName(line)), { schema: 1, sources });
  const rows = Object.entries(sources).flatMap(([name, { bases }]) =>
    Object.entries(bases).map(([base, { commit, packaged }]) =>
      [name, base, commit, ...(packaged === undefined ? [] : [`packaging ${packaged.commit}`])].join("  "),
    ),
  );
  return `${rows.join("\n")}\n`;
}

/** Makes the lock of a source, with a notice for each base that is unavailable. */
async function lockBases(
  source: Source,
  bases: readonly Base[],
  old: LockedSource | undefined,
  mirror: MirrorOptions,
): Promise<LockedSource> {
  const patched = new Map<Base, Patched>();
  const unavailable: (readonly [base: Base, why: string])[] = [];
  for (const [index, base] of bases.entries()) {
    const title = `${source.name}, base ${index + 1} of ${bases.length}`;
    await runTask(mirror.host, title, async (host) => {
      const absent = await whyUnavailable(base, { ...mirror, host });
      if (absent === undefined) patched.set(base, await tryBase(source, base, { ...mirror, host }));
      else unavailable.push([base, absent]);
    });
  }
  const locked = await lockSource(source, old, patched, mirror);
  for (const [base, why] of unavailable) mirror.host.task.notice(describeUnavailable(source, base, why, locked));
  return locked;
}

function describeUnavailable({ name }: Source, base: Base, why: string, { bases }: LockedSource): string {
  const effect = bases[baseId(base)] === undefined ? "`build` refuses it until it is locked again" : "the lock keeps its commit";
  return `${name}: ${describeBase(base)} is unavailable, so ${effect}: ${why}`;
}
