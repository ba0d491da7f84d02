import type { Argument, Command, Option } from "commander";
import { verbs } from "../src/commands/verbs.ts";
import type { Context } from "../src/program/context.ts";
import { makeProgram } from "../src/program/program.ts";
import { inMarkdown, table } from "./fields.ts";
import { capital } from "../src/config/names.ts";

/** Stands for the number of cores, which differs between machines. */
const cores = -1;

/** An argument or an option: how it is typed, and what it means. */
export interface DescribedWord {
  readonly word: string;
  readonly meaning: string;
}

/** What is written about a command. Code in its texts is between backticks. */
export interface DescribedCommand {
  /** Such as `kovn-build patches list`. */
  readonly path: string;
  readonly sentence: string;
  readonly usage: string;
  readonly args: readonly DescribedWord[];
  readonly options: readonly DescribedWord[];
  /** A command line each, with what it does after `  # `. */
  readonly examples: readonly string[];
}

/** Describes every command that does something; one with commands below it may be one of them. */
export async function describeCommands(): Promise<readonly DescribedCommand[]> {
  const program = await makeProgram({ version: "", machine: { cores } } as Context, verbs, () => true);
  return leavesOf(program).map(describe);
}

/** Writes a section for each command: usage, arguments, options, examples. */
export async function commandReference(): Promise<string> {
  return (await describeCommands()).map(showCommand).join("\n");
}

function leavesOf(command: Command): readonly Command[] {
  const isVerb = verbs.verbs.some(({ path }) => path.join(" ") === pathOf(command).replace(/^\S+ ?/, ""));
  return [...(isVerb ? [command] : []), ...command.commands.flatMap(leavesOf)];
}

function describe(command: Command): DescribedCommand {
  return {
    path: pathOf(command),
    sentence: sentence(command.description()),
    usage: command.createHelp().commandUsage(command),
    args: command.registeredArguments.map((argument) => ({ word: nameOf(argument), meaning: argument.description })),
    options: command.options.map((option) => ({ word: option.flags, meaning: `${option.description}${showNotes(option)}` })),
    examples: examplesOf(command),
  };
}

function showCommand({ path, sentence: text, usage, args, options, examples }: DescribedCommand): string {
  const rows = (words: readonly DescribedWord[]) => words.map(({ word, meaning }) => [`\`${word}\``, meaning]);
  return [
    `## \`${path}\``,
    inMarkdown(text),
    `\`\`\`sh\n${usage}\n\`\`\``,
    ...(args.length === 0 ? [] : [table(["Argument", "Meaning"], rows(args)).trimEnd()]),
    ...(options.length === 0 ? [] : [table(["Option", "Meaning"], rows(options)).trimEnd()]),
    ...(examples.length === 0 ? [] : [`\`\`\`sh\n${examples.join("\n")}\n\`\`\``]),
    "",
  ]
    .join("\n\n")
    .replace(/\n\n$/, "\n");
}

/** The examples that the command's help ends with. */
function examplesOf(command: Command): readonly string[] {
  let help = "";
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  const [, examples = ""] = /\nExamples:\n([^]+)/.exec(help) ?? [];
  return examples
    .replaceAll(/^ {2}(.*?)( {2,})(\S.*)$/gm, "$1$2# $3")
    .trimEnd()
    .split("\n")
    .filter(Boolean);
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
  return `${capital(text)}.`;
}
