import { resolve } from "node:path";
import { pickLine } from "../../config/lines.ts";
import { assertOwn } from "../../config/project.ts";
import { readSeed } from "../../config/seed.ts";
import { BuildError } from "../../errors.ts";
import { exportSeries, type Exported } from "../../patches/export.ts";
import { readNote } from "../../patches/tree-note.ts";
import type { Context } from "../../program/context.ts";
import { examples } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { runTask } from "../../sys/run-task.ts";
import { count } from "../../sys/text.ts";

interface PatchesExportOptions {
  readonly line?: string;
}

/** `kovn-build patches export`: writes the commits of a patched tree back as the series. */
export const patchesExport: Define = (command, context) => {
  command
    .argument("<source>", "such as ovs")
    .argument("<dir>", "folder made by `patches apply`")
    .option("--line <line>", "release line; default: the one that the folder was made from")
    .addHelpText("after", examples(["kovn-build patches export ovs work/ovs", "write the series after a change"]))
    .action(async (source: string, dir: string, options: PatchesExportOptions) => {
      const exported = await context.report.run(async ({ host }) =>
        runTask(host, `export ${source}`, async (below) =>
          exportTree(source, resolve(dir), options, { ...context, host: below }),
        ),
      );
      const changed = exported.filter((patch) => patch.change !== "unchanged");
      const rows = changed.map((patch) => `${patch.change.padEnd(7)}  ${patch.name}\n`);
      context.print(`${rows.join("")}${exported.length - changed.length} of ${count(exported.length, "patch")} unchanged\n`);
    });
};

async function exportTree(
  source: string,
  tree: string,
  options: PatchesExportOptions,
  { host, project: find }: Context,
): Promise<readonly Exported[]> {
  const project = await find();
  assertOwn(project);
  const note = await readNote(tree, source, host);
  const line = await pickLine(project, options.line ?? note.line);
  if (source !== note.source || line !== note.line)
    throw new BuildError("usage", `Folder ${tree} was made from \`${note.source}\` of line ${note.line}.`, {
      hint: `kovn-build patches export ${note.source} ${tree} --line ${note.line}`,
    });
  const seed = (await readSeed(project)).map((entry) => entry.commit);
  return exportSeries({ tree, note, project, seed, host });
}
