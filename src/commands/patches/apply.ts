import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { pickLine, type Project } from "../../config/project.ts";
import { listSources, readSource, type Source } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { clonePatched } from "../../patches/apply.ts";
import { allowedBases } from "../../plan/base.ts";
import { fetchReachable } from "../../patches/bases.ts";
import type { Emit } from "../../run/events.ts";
import type { Host } from "../../sys/exec.ts";
import { errorCode } from "../../sys/processes.ts";
import { parseFrom } from "../../run/request.ts";

export interface ApplyOptions {
  readonly line?: string;
  readonly from: readonly string[];
  /** A patch name; only those before it are applied. */
  readonly until?: string;
}

/** `kovn-build patches apply SOURCE DIR`: the patched tree as commits, in a repository of its own. Answers with its commit. */
export async function patchesApply(
  name: string,
  folder: string,
  options: ApplyOptions,
  project: Project,
  host: Host,
  emit: Emit,
): Promise<string> {
  const dir = resolve(folder);
  await assertEmpty(dir);
  const line = await pickLine(project, options.line);
  const whole = await readSource(project, line, name, host);
  const until = options.until === undefined ? undefined : patchNamed(whole, options.until);
  const source = until === undefined ? whole : { ...whole, patches: whole.patches.slice(0, whole.patches.indexOf(until)) };
  const allowed = allowedBases(source, parseFrom(options.from, await listSources(project, line)));
  const fetched = await fetchReachable(name, allowed, { work: project.work, refreshApt: false, host, emit });
  const patched = await clonePatched(source, fetched, source.upstream, dir, host, until?.name);
  return `${patched.commit}  ${source.patches.length} patches on ${fetched.commit} in ${dir}\n`;
}

async function assertEmpty(dir: string): Promise<void> {
  const content = await readdir(dir).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw new BuildError("usage", `Folder ${dir} cannot be used: ${String(error)}`, { cause: error });
  });
  if (content.length > 0)
    throw new BuildError("usage", `Folder ${dir} is not empty.`, { hint: "name a folder that does not exist yet" });
}

function patchNamed(source: Source, name: string): Source["patches"][number] {
  const found = source.patches.find((patch) => patch.name === name || patch.name === `${name}.patch`);
  if (found === undefined)
    throw new BuildError("usage", `Source \`${source.name}\` has no patch \`${name}\`.`, { hint: "kovn-build patches list" });
  return found;
}
