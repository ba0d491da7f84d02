import { parseFrom } from "../../config/from.ts";
import { lineName, listLines, pickLine } from "../../config/lines.ts";
import { assertOwn, type Project } from "../../config/project.ts";
import { listSources } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import type { Imported } from "../../patches/import/context.ts";
import { importSeries } from "../../patches/import/import.ts";
import { showImported } from "../../patches/import/show.ts";
import type { Context } from "../../program/context.ts";
import { examples, jsonOption, pinOption } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { Json } from "../../sys/json.ts";
import { runTask } from "../../sys/run-task.ts";

interface ImportOptions {
  readonly line?: string;
  readonly from: readonly string[];
  readonly pin?: string;
  readonly upstream?: string;
  readonly order?: string;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** `kovn-build patches import`: takes patches from elsewhere into the series of a source. */
export const patchesImport: Define = (command, context) => {
  command
    .argument("<source>", "such as ovs; made if the line has none of that name")
    .argument("[patches...]", "FOLDER, FILE (mail, mbox, diff), REPO#COMMIT, REPO#A..B, or URL of a commit's patch")
    .option("--order <file>", "quilt series or Dockerfile that says which of them are applied, in which order")
    .option("--pin <commit>", "branch, tag or commit of upstream that they are for; for a new source")
    .option("--upstream <address>", "upstream's git repository, for a new source that no other line has")
    .option("--dry-run", "show what would be written; write nothing", false)
    .option("--line <line>", "release line, made if it does not exist; default: that of the other commands")
    .addOption(pinOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["kovn-build patches import ovs fix.patch", "add a patch to the series of ovs"],
        ["kovn-build patches import ovs ../ovs#a1b2c3d..HEAD", "add the commits of a fork"],
        [
          "kovn-build patches import ovs patches/ --order Dockerfile --pin branch-3.1 --line 1.13",
          "make the source and the line of an existing series",
        ],
      ),
    )
    .action(async (source: string, patches: readonly string[], options: ImportOptions) => {
      const imported = await context.report.run(async ({ host }) =>
        runTask(host, `import patches of ${source}`, async (below) => run(source, patches, options, { ...context, host: below })),
      );
      context.print(options.json ? new Json({ schema: 1, ...imported }) : showImported(imported));
    });
};

async function run(
  source: string,
  patches: readonly string[],
  { order, pin, upstream, dryRun, ...options }: ImportOptions,
  { host, project: find }: Context,
): Promise<Imported> {
  const project = await find();
  assertOwn(project);
  const line = await lineFor(project, options.line);
  const sources = (await listLines(project)).includes(line) ? await listSources(project, line) : [];
  const from = parseFrom(options.from, [...new Set([...sources, source])], []);
  if (patches.length === 0 && order === undefined)
    throw new BuildError("usage", "No patches are given.", {
      hint: `kovn-build patches import ${source} FOLDER, a file, REPO#A..B, or --order FILE`,
    });
  return importSeries({ patches, order, pin, upstream, dryRun }, { project, line, name: source, from, host });
}

/** The line of that name, which may be new. */
async function lineFor(project: Project, asked: string | undefined): Promise<string> {
  const lines = await listLines(project);
  if (asked === undefined && lines.length === 0)
    throw new BuildError("usage", "The project has no release line yet.", { hint: "--line LINE, such as --line 1.12" });
  const name = lineName(asked ?? "");
  if (name === "" || lines.includes(name)) return pickLine(project, asked);
  if (/^\d[a-z0-9.-]*$/.test(name)) return name;
  throw new BuildError(
    "usage",
    `\`${name}\` is not a name for a line: expected a digit, then small letters, digits, \`.\` and \`-\`.`,
  );
}
