import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { pickLine, type Project } from "../config/project.ts";
import { readSeed } from "../config/seed.ts";
import { listSources, readSource } from "../config/source.ts";
import { BuildError } from "../errors.ts";
import { clonePatched } from "../patches/apply.ts";
import { listEntries } from "../patches/list.ts";
import { fetchBase } from "../patches/mirror.ts";
import { allowedBases } from "../plan/base.ts";
import type { Emit } from "../run/events.ts";
import { reachBases } from "../run/bases.ts";
import type { Host } from "../sys/exec.ts";
import { errorCode } from "../sys/processes.ts";
import { parseFrom } from "./request.ts";

/** `kovn-build patches list`: what the line does about each entry of the seed. */
export async function patchesList(
  options: { readonly line?: string; readonly json: boolean },
  project: Project,
  host: Host,
): Promise<string> {
  const line = await pickLine(project, options.line);
  const names = await listSources(project, line);
  const sources = await Promise.all(names.map((name) => readSource(project, line, name, host)));
  const entries = listEntries(await readSeed(project), sources);
  if (options.json) return `${JSON.stringify({ schema: 1, line, entries }, undefined, 2)}\n`;
  const rows = entries.map((entry) =>
    [String(entry.entry).padStart(2), entry.seed, entry.source, entry.status.padEnd(7), entry.title, entry.patches.join(" ")]
      .join("  ")
      .trimEnd(),
  );
  return `${rows.join("\n")}\n`;
}

export interface ApplyOptions {
  readonly line?: string;
  readonly from: readonly string[];
  /** A patch name; only those before it are applied. */
  readonly until?: string;
}

/** `kovn-build patches apply SOURCE DIR`: the patched tree as commits, in a repository of its own. Answers with what to do with it. */
export async function patchesApply(
  name: string,
  folder: string,
  options: ApplyOptions,
  project: Project,
  host: Host,
  emit: Emit,
): Promise<string> {
  const dir = resolve(folder);
  const content = await readdir(dir).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw new BuildError("usage", `Folder ${dir} cannot be used: ${String(error)}`, { cause: error });
  });
  if (content.length > 0)
    throw new BuildError("usage", `Folder ${dir} is not empty.`, { hint: "name a folder that does not exist yet" });
  const line = await pickLine(project, options.line);
  const source = beforePatch(await readSource(project, line, name, host), options.until);
  const allowed = allowedBases(source, parseFrom(options.from, await listSources(project, line)));
  const [base] = (await reachBases({ [name]: allowed }, { work: project.work, refreshApt: false, host, emit }))[name] ?? [];
  if (base === undefined) throw new Error(`no base for ${name}`);
  const fetched = await fetchBase(base, { work: project.work, host });
  const patched = await clonePatched(source, fetched, source.upstream, dir, host);
  return `${patched.commit}  ${source.patches.length} patches on ${fetched.commit} in ${dir}\n`;
}

function beforePatch<S extends { readonly name: string; readonly patches: readonly { readonly name: string }[] }>(
  source: S,
  until: string | undefined,
): S {
  if (until === undefined) return source;
  const index = source.patches.findIndex((patch) => patch.name === until || patch.name === `${until}.patch`);
  if (index < 0)
    throw new BuildError("usage", `Source \`${source.name}\` has no patch \`${until}\`.`, { hint: "kovn-build patches list" });
  return { ...source, patches: source.patches.slice(0, index) };
}
