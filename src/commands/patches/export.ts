import { join, resolve } from "node:path";
import { pickLine, type Project } from "../../config/project.ts";
import { readSource } from "../../config/source.ts";
import { exportSeries } from "../../patches/export.ts";
import type { Host } from "../../sys/exec.ts";

/** `kovn-build patches export SOURCE DIR`: commits of a work tree back into the series. Answers with what changed, a line a patch. */
export async function patchesExport(
  name: string,
  folder: string,
  options: { readonly line?: string },
  project: Project,
  host: Host,
): Promise<string> {
  const line = await pickLine(project, options.line);
  const source = await readSource(project, line, name, host);
  const exported = await exportSeries(source, resolve(folder), join(project.root, "patches", line, name), host);
  const changed = exported.filter((patch) => patch.change !== "unchanged");
  const rows = changed.map((patch) => `${patch.change.padEnd(7)}  ${patch.name}\n`);
  return `${rows.join("")}${exported.length - changed.length} of ${exported.length} patches unchanged\n`;
}
