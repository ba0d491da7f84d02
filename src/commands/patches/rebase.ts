import { parseFrom } from "../../config/from.ts";
import { pickLine } from "../../config/project.ts";
import { listSources, readSource } from "../../config/source.ts";
import { drawPicture } from "../../patches/rebase/picture.ts";
import { sumOf, type Picture } from "../../patches/rebase/rows.ts";
import { showPicture } from "../../patches/rebase/show.ts";
import type { Context } from "../../program/context.ts";
import { examples, jsonOption, lineOption, pinOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { Json } from "../../sys/json.ts";
import { runTask } from "../../sys/run-task.ts";

interface RebaseOptions {
  readonly line?: string;
  readonly from: readonly string[];
  readonly onto: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** `kovn-build patches rebase`: moves a source to another commit of its upstream. */
export const patchesRebase: Define = (command, context) => {
  command
    .argument("<source>", "such as ovs")
    .requiredOption("--onto <commit>", "branch, tag or commit of upstream to move to")
    .requiredOption("--dry-run", "show what becomes of each pick and patch; write nothing")
    .addOption(lineOption())
    .addOption(pinOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(["kovn-build patches rebase ovs --onto branch-3.5 --dry-run", "show which patches conflict with branch-3.5"]),
    )
    .action(async (source: string, options: RebaseOptions) => {
      const picture = await draw(source, options, context);
      context.print(options.json ? new Json({ schema: 1, ...picture, sum: sumOf(picture.patches) }) : showPicture(picture));
    });
};

async function draw(name: string, options: RebaseOptions, context: Context): Promise<Picture> {
  const project = await context.project();
  const line = await pickLine(project, options.line);
  const from = parseFrom(options.from, await listSources(project, line), []);
  const source = await readSource(project, line, name, context.host);
  return context.report.run(async ({ host }) =>
    runTask(host, `try ${name} on ${options.onto}`, async (below) =>
      drawPicture(source, options.onto, from, { work: project.work, host: below }),
    ),
  );
}
