import { join } from "node:path";
import { lockName, readLock, type LockedSource } from "../../config/lock.ts";
import { pickLine } from "../../config/lines.ts";
import { assertOwn, type Project } from "../../config/project.ts";
import { listSources, readSources } from "../../config/source.ts";
import { lockBases, withLineLock } from "../../patches/lock-bases.ts";
import { writeLock } from "../../patches/lock.ts";
import { declaredBases } from "../../plan/base.ts";
import { examples, pinOption, lineOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import type { Host } from "../../sys/exec.ts";
import { runTask } from "../../sys/run-task.ts";
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
      context.print(await context.report.run(async ({ host }) => lockLine(options, project, host)));
    });
};

async function lockLine(options: PatchesLockOptions, project: Project, host: Host): Promise<string> {
  assertOwn(project);
  const line = await pickLine(project, options.line);
  return withLineLock(line, project, host, async () => lock(line, options, project, host));
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
