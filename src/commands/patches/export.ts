import { join, resolve } from "node:path";
import { pickLine } from "../../config/project.ts";
import { readSource } from "../../config/source.ts";
import { exportSeries } from "../../patches/export.ts";
import { examples, lineOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { runTask } from "../../sys/run-task.ts";

/** `kovn-build patches export`: writes the commits of a patched tree back as the series. */
export const patchesExport: Define = (command, context) => {
  command
    .argument("<source>", "such as ovs")
    .argument("<dir>", "folder made by `patches apply`")
    .addOption(lineOption())
    .addHelpText("after", examples(["kovn-build patches export ovs work/ovs", "write the series after a change"]))
    .action(async (name: string, dir: string, options: { readonly line?: string }) => {
      const project = await context.project();
      const line = await pickLine(project, options.line);
      const exported = await context.report.run(async ({ host }) =>
        runTask(host, `export ${name}`, async (below) => {
          const source = await readSource(project, line, name, below);
          return exportSeries(source, resolve(dir), join(project.root, "patches", line, name), below);
        }),
      );
      const changed = exported.filter((patch) => patch.change !== "unchanged");
      const rows = changed.map((patch) => `${patch.change.padEnd(7)}  ${patch.name}\n`);
      context.print(`${rows.join("")}${exported.length - changed.length} of ${exported.length} patches unchanged\n`);
    });
};
