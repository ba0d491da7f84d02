import { readLock } from "../../config/lock.ts";
import { readSource } from "../../config/source.ts";
import { declaredBases } from "../../plan/base.ts";
import { runTask } from "../../sys/run-task.ts";
import { lockBases, withLineLock, writeLockOf } from "../lock-bases.ts";
import type { RebaseContext } from "./context.ts";

/** Locks the source of a rebase; the others of its line stay as they are. Returns false for a line without a lock. */
export async function relock({ project, line, name, from, host }: RebaseContext): Promise<boolean> {
  return withLineLock(line, project, host, async () => {
    const old = await readLock(project, line);
    if (old === undefined) return false;
    const source = await readSource(project, line, name, host);
    const locked = await runTask(host, `lock ${name}`, async (below) =>
      lockBases(source, declaredBases(source, from), old.sources[name], { work: project.work, host: below }),
    );
    await writeLockOf(name, locked, old, line, project);
    return true;
  });
}
