import { pickLine, type Project } from "../../config/project.ts";
import { readSeed } from "../../config/seed.ts";
import { readSources } from "../../config/source.ts";
import { listEntries } from "../../patches/list.ts";
import type { Host } from "../../sys/exec.ts";

/** `kovn-build patches list`: what the line does about each entry of the seed. */
export async function patchesList(
  options: { readonly line?: string; readonly json: boolean },
  project: Project,
  host: Host,
): Promise<string> {
  const line = await pickLine(project, options.line);
  const entries = listEntries(await readSeed(project), await readSources(project, line, host));
  if (options.json) return `${JSON.stringify({ schema: 1, line, entries }, undefined, 2)}\n`;
  const rows = entries.map(({ entry, seed, source, status, title, patches }) =>
    [String(entry).padStart(2), seed, source, status.padEnd(7), title, patches.join(" ")].join("  ").trimEnd(),
  );
  return `${rows.join("\n")}\n`;
}
