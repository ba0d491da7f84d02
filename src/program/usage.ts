import type { Command, CommanderError } from "commander";
import { capital, unknownName } from "../config/names.ts";
import { BuildError } from "../errors.ts";

/** Says what is wrong with a command line (`words`) and what exists, as a "usage" error. */
export function usageError(error: CommanderError, program: Command, words: readonly string[], defaultVerb: string): BuildError {
  const command = commandOf(program, words);
  const [first = ""] = words;
  const names = (of: Command) => of.commands.map((one) => one.name());
  // commander gives unknown words to the default command, which then misses its options.
  if (command === program && first !== "" && !first.startsWith("-")) return unknownName("Command", first, names(program));
  const [, quoted = ""] = /'(.+?)'/.exec(error.message) ?? [];
  if (error.code === "commander.unknownCommand") return unknownName("Command", quoted, names(command));
  // commander reports a missing required option before it sees an unknown one.
  const options = optionsOf(defaultOf(command, defaultVerb));
  if (error.code === "commander.unknownOption") return unknownName("Option", quoted, options);
  const unknown = words.find((word) => word.startsWith("--") && !options.includes(word.replace(/=.*$/s, "")));
  if (error.code === "commander.missingMandatoryOptionValue" && unknown !== undefined)
    return unknownName("Option", unknown, options);
  const help = { hint: `${pathOf(command)} --help` };
  if (error.code === "commander.help")
    return new BuildError(
      "usage",
      `Command \`${pathOf(command)}\` needs a subcommand: ${names(command)
        .map((name) => `\`${name}\``)
        .join(", ")}.`,
      help,
    );
  const text = error.message.replace(/^error: /, "").replace(/\.$/, "");
  return new BuildError("usage", `${capital(text)}.`, help);
}

/** Returns the command that the first words name. */
function commandOf(program: Command, words: readonly string[]): Command {
  const [first, ...rest] = words;
  const named = program.commands.find((command) => command.name() === first);
  return named === undefined ? program : commandOf(named, rest);
}

/** Options without a command belong to the default command. */
function defaultOf(command: Command, defaultVerb: string): Command {
  return command.parent === null ? (command.commands.find((one) => one.name() === defaultVerb) ?? command) : command;
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function optionsOf(command: Command): readonly string[] {
  return [...command.options.flatMap((option) => option.long ?? []), "--help"];
}
