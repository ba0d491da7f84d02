import { join } from "node:path";
import { lockName, readLock, type LockedSource } from "../../config/lock.ts";
import { pickLine } from "../../config/project.ts";
import { listSources, readSources, type Source } from "../../config/source.ts";
import type { Patched } from "../../patches/apply.ts";
import { whyUnavailable } from "../../patches/check.ts";
import { lockSource, tryBase, writeLock } from "../../patches/lock.ts";
import { baseId, declaredBases, describeBase, type Base } from "../../plan/base.ts";
import type { Context } from "../../program/context.ts";
import { examples, pinOption, lineOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { parseFrom } from "../../config/from.ts";

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
    .action(async (options: PatchesLockOptions) =>
      context.print(await context.report.run(async ({ host }) => lock(options, { ...context, host }))),
    );
};

/** Writes the lock. Returns its content, one row per base. */
async function lock(options: PatchesLockOptions, context: Context): Promise<string> {
  const { host } = context;
  const project = await context.project();
  const line = await pickLine(project, options.line);
  const from = parseFrom(options.from, await listSources(project, line), []);
  const mirror = { work: project.work, host };
  const old = await readLock(project, line);
  const sources: Record<string, LockedSource> = {};
  for (const source of await readSources(project, line, host)) {
    const patched = new Map<Base, Patched>();
    const unavailable: (readonly [base: Base, why: string])[] = [];
    for (const base of declaredBases(source, from)) {
      const absent = await whyUnavailable(base, mirror);
      if (absent === undefined) patched.set(base, await tryBase(source, base, mirror));
      else unavailable.push([base, absent]);
    }
    const locked = await lockSource(source, old?.sources[source.name], patched, mirror);
    for (const [base, why] of unavailable) host.task.notice(describeUnavailable(source, base, why, locked));
    sources[source.name] = locked;
  }
  await writeLock(join(project.root, lockName(line)), { schema: 1, sources });
  const rows = Object.entries(sources).flatMap(([name, { bases }]) =>
    Object.entries(bases).map(([base, { commit, packaged }]) =>
      [name, base, commit, ...(packaged === undefined ? [] : [`packaging ${packaged.commit}`])].join("  "),
    ),
  );
  return `${rows.join("\n")}\n`;
}

function describeUnavailable({ name }: Source, base: Base, why: string, { bases }: LockedSource): string {
  const effect = bases[baseId(base)] === undefined ? "`build` refuses it until it is locked again" : "the lock keeps its commit";
  return `${name}: ${describeBase(base)} is unavailable, so ${effect}: ${why}`;
}
