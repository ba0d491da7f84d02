import { relative, resolve } from "node:path";
import { listLines, pickLine } from "../config/lines.ts";
import { makeProject, type NewProject } from "../config/new-project.ts";
import { packageRoot, packageVersion } from "../config/package.ts";
import { listOf } from "../list.ts";
import { examples, jsonOption, repeated } from "../program/values.ts";
import type { Define } from "../program/verb.ts";
import type { Style } from "../report/style.ts";
import { Json } from "../sys/json.ts";
import { printable } from "../sys/printable.ts";
import { quoteWords } from "../sys/quote.ts";
import { runTask } from "../sys/run-task.ts";

interface InitOptions {
  readonly line: readonly string[];
  readonly json: boolean;
}

/** `kovn-build init`: makes a project of a folder, with patches and pipelines that are the person's own. */
export const init: Define = (command, { report, print }) => {
  command
    .argument("[dir]", "folder of the project", ".")
    .addOption(repeated("--line <line>", "release line to start from; may be repeated; default: all of kovn-build"))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      examples(
        ["kovn-build init", "make a project here: patches, pipelines, a workflow of GitHub Actions"],
        ["kovn-build init own --line 1.17", "make one in the folder own, with one line"],
      ),
    )
    .action(async (folder: string, options: InitOptions) => {
      const lines = await pickLines(options.line);
      const made = await report.run(async ({ host }) =>
        runTask(host, `make a project in ${folder}`, async () => makeProject(relative("", resolve(folder)) || ".", lines)),
      );
      print(options.json ? new Json({ schema: 1, ...made }) : (style) => show(made, style));
    });
};

/** The package's lines that are asked for, or all. */
async function pickLines(asked: readonly string[]): Promise<readonly string[]> {
  const own = { root: packageRoot, work: "" };
  const all = await listLines(own);
  const picked = await Promise.all(asked.map(async (line) => pickLine(own, line)));
  return asked.length === 0 ? all : all.filter((line) => picked.includes(line));
}

function show({ folder, lines, written, kept }: NewProject, style: Style): string {
  const rows = [
    // Not by name: on the npm registry, it may be somebody else's.
    [`npm install --save-dev ./kovn-build-${packageVersion}.tgz`, "install kovn-build, from what `npm pack` made in its clone"],
    ["npx kovn-build", "show what can be built"],
    ["npx kovn-build doctor --target linux", "check what is missing on this machine"],
    ["npx kovn-build patches list", "list the patches, which are yours now"],
  ] as const;
  const next = [...(folder === "." ? [] : [[`cd ${printable(quoteWords([folder]))}`, "go there"] as const]), ...rows];
  const width = Math.max(...next.map(([words]) => words.length));
  return [
    `${style.done("Made")} a project with line${lines.length === 1 ? "" : "s"} ${listOf(lines)}: ${listOf(written)}\n`,
    ...(kept.length === 0 ? [] : [`Left as it was: ${listOf(kept)}\n`]),
    `\nNext\n${next.map(([words, effect]) => `  ${words.padEnd(width)}  ${effect}\n`).join("")}`,
  ].join("");
}
