import type { Command, CommanderError } from "commander";
import { unknownName } from "../config/names.ts";
import { BuildError } from "../errors.ts";

/** What is wrong with a command line, as a "usage" error that says what exists; `words` is the command line. */
export function usageError(error: CommanderError, program: Command, words: readonly string[]): BuildError {
  const command = commandOf(program, words);
  const [first = ""] = words;
  const names = (of: Command) => of.commands.map((one) => one.name());
  // Words that name no command go to the default one, which then misses its options.
  if (command === program && first !== "" && !first.startsWith("-")) return unknownName("Command", first, names(program));
  const [, quoted = ""] = /'(.+?)'/.exec(error.message) ?? [];
  if (error.code === "commander.unknownCommand") return unknownName("Command", quoted, names(command));
  // commander misses options that a command must have before it sees those that there are not.
  const options = optionsOf(defaultOf(command));
  if (error.code === "commander.unknownOption") return unknownName("Option", quoted, options);
  const unknown = words.find((word) => word.startsWith("--") && !options.includes(word.replace(/=.*$/s, "")));
  if (error.code === "commander.missingMandatoryOptionValue" && unknown !== undefined)
    return unknownName("Option", unknown, options);
  const help = { hint: `${pathOf(command)} --help` };
  if (error.code === "commander.help")
    return new BuildError(
      "usage",
      `Command \`${pathOf(command)}\` wants another word: ${names(command)
        .map((name) => `\`${name}\``)
        .join(", ")}.`,
      help,
    );
  const text = error.message.replace(/^error: /, "").replace(/\.$/, "");
  return new BuildError("usage", `${text.charAt(0).toUpperCase()}${text.slice(1)}.`, help);
}

/** The command that the first words name. */
function commandOf(program: Command, words: readonly string[]): Command {
  const [first, ...rest] = words;
  const named = program.commands.find((command) => command.name() === first);
  return named === undefined ? program : commandOf(named, rest);
}

/** `kovn-build` alone is `kovn-build build`. */
function defaultOf(command: Command): Command {
  return command.parent === null ? (command.commands.find((one) => one.name() === "build") ?? command) : command;
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function optionsOf(command: Command): readonly string[] {
  return [...command.options.flatMap((option) => option.long ?? []), "--help"];
}
