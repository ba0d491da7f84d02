import { join } from "node:path";
import { lockName, readLock, type LockedSource } from "../../config/lock.ts";
import { pickLine, type Project } from "../../config/project.ts";
import { listSources, readSources } from "../../config/source.ts";
import type { Patched } from "../../patches/apply.ts";
import { unreachable } from "../../patches/check.ts";
import { lockSource, tryBase, writeLock } from "../../patches/lock.ts";
import { declaredBases, describeBase, type Base } from "../../plan/base.ts";
import type { Emit } from "../../run/events.ts";
import type { Host } from "../../sys/exec.ts";
import { parseFrom } from "../../run/request.ts";

/** `kovn-build patches lock`: renews a line's lock from its series and the bases that can be had. Answers with what it holds. */
export async function patchesLock(
  options: { readonly line?: string; readonly from: readonly string[] },
  project: Project,
  host: Host,
  emit: Emit,
): Promise<string> {
  const line = await pickLine(project, options.line);
  const from = parseFrom(options.from, await listSources(project, line));
  const mirror = { work: project.work, host };
  const old = await readLock(project, line);
  const sources: Record<string, LockedSource> = {};
  for (const source of await readSources(project, line, host)) {
    const patched = new Map<Base, Patched>();
    for (const base of declaredBases(source, from)) {
      const absent = await unreachable(base, mirror);
      if (absent === undefined) patched.set(base, await tryBase(source, base, mirror));
      else
        emit({
          event: "notice",
          message: `${source.name}: ${describeBase(base)} is not at hand, so it is not locked anew: ${absent}`,
        });
    }
    sources[source.name] = await lockSource(source, old?.sources[source.name], patched, mirror);
  }
  await writeLock(join(project.root, lockName(line)), { schema: 1, sources });
  const rows = Object.entries(sources).flatMap(([name, { bases }]) =>
    Object.entries(bases).map(([base, { commit }]) => `${name}  ${base}  ${commit}`),
  );
  return `${rows.join("\n")}\n`;
}
