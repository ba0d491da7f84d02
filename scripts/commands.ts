import type { Argument, Command, Option } from "commander";
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

/** The commands that do something; one with commands below it may be one of them. */
function leavesOf(command: Command): readonly Command[] {
  const isVerb = verbs.verbs.some(({ path }) => path.join(" ") === pathOf(command).replace(/^\S+ ?/, ""));
  return [...(isVerb ? [command] : []), ...command.commands.flatMap(leavesOf)];
}

function showCommand(command: Command): string {
  const args = command.registeredArguments.map((argument) => [`\`${nameOf(argument)}\``, argument.description]);
  const options = command.options.map((option) => [`\`${option.flags}\``, `${option.description}${showNotes(option)}`]);
  return [
    `## \`${pathOf(command)}\``,
    inMarkdown(sentence(command.description())),
    `\`\`\`sh\n${command.createHelp().commandUsage(command)}\n\`\`\``,
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

/** Shows an argument as usage does: `<one>`, `[optional]`, `[many...]`. */
function nameOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

/** Shows what an option's description leaves out: choices, default, whether it is required. */
function showNotes({ mandatory, argChoices = [], defaultValue: value }: Option): string {
  const shown = typeof value === "string" ? `\`${value}\`` : "the number of cores";
  const notes = [
    ...(argChoices.length > 1 ? [`one of ${argChoices.map((one) => `\`${one}\``).join(", ")}`] : []),
    ...(argChoices.length === 1 ? [`only \`${argChoices[0]}\``] : []),
    ...(mandatory ? ["required"] : []),
    ...(value === cores || (typeof value === "string" && value !== "") ? [`default: ${shown}`] : []),
  ];
  return notes.map((note) => `; ${note}`).join("");
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
