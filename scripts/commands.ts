import type { Command, Option } from "commander";
import { verbs } from "../src/commands/verbs.ts";
import type { Context } from "../src/program/context.ts";
import { makeProgram } from "../src/program/program.ts";
import { inMarkdown, table } from "./fields.ts";

/** Stands for the number of cores, which differs between machines. */
const cores = -1;

/** Writes a section for each command: usage, arguments, options, examples. */
export async function commandReference(): Promise<string> {
  const program = await makeProgram({ version: "", machine: { cores } } as Context, verbs, () => true);
  return leavesOf(program).map(showCommand).join("\n");
}

function leavesOf(command: Command): readonly Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

function showCommand(command: Command): string {
  const { name, usage } = { name: pathOf(command), usage: command.createHelp().commandUsage(command) };
  const args = command.registeredArguments.map((argument) => [`\`<${argument.name()}>\``, argument.description]);
  const options = command.options.map((option) => [`\`${option.flags}\``, `${option.description}${showDefault(option)}`]);
  return [
    `## \`${name}\``,
    inMarkdown(sentence(command.description())),
    `\`\`\`sh\n${usage}\n\`\`\``,
    ...(args.length === 0 ? [] : [table(["Argument", "Meaning"], args).trimEnd()]),
    ...(options.length === 0 ? [] : [table(["Option", "Meaning"], options).trimEnd()]),
    ...examplesOf(command),
    "",
  ]
    .join("\n\n")
    .replace(/\n\n$/, "\n");
}

/** The examples that the command's help ends with. */
function examplesOf(command: Command): readonly string[] {
  let help = "";
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  const [, examples] = /\nExamples:\n([^]+)/.exec(help) ?? [];
  return examples === undefined
    ? []
    : [`\`\`\`sh\n${examples.replaceAll(/^ {2}(.*?)( {2,})(\S.*)$/gm, "$1$2# $3").trimEnd()}\n\`\`\``];
}

function showDefault({ mandatory, defaultValue: value }: Option): string {
  if (mandatory) return "; required";
  if (value === cores) return "; default: the number of cores";
  return typeof value === "string" && value !== "" ? `; default: \`${value}\`` : "";
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
