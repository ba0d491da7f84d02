import type { Command, Option } from "commander";
import type { Verb, Verbs } from "./verb.ts";

/** Where a command line stands after some of its words. */
export interface Place {
  /** The command that they name; the program itself if they name none. */
  readonly command: Command;
  /** The arguments so far. */
  readonly args: readonly string[];
  /** The values of options so far, by their names without dashes; no value is an empty text. */
  readonly options: ReadonlyMap<string, readonly string[]>;
  /** The option that the next word is the value of. */
  readonly pending: Option | undefined;
  /** True after `--`: what follows are arguments, even with a dash. */
  readonly isRest: boolean;
}

/** The words that name a command, or stand for the default one; then the others. */
function split(words: readonly string[], { verbs, defaultVerb }: Verbs): { path: readonly string[]; rest: readonly string[] } {
  const own = words.slice(words.findIndex((word) => word !== "help" && word !== "--"));
  const [first = "", second] = own;
  if (first.startsWith("-")) return { path: [defaultVerb], rest: own };
  const isPair = verbs.some(({ path }) => path[0] === first && path[1] === second && second !== undefined);
  const length = isPair ? 2 : 1;
  return { path: own.slice(0, length), rest: own.slice(length) };
}

/** True for the command that words name. */
export function isNamedBy(words: readonly string[], { path }: Verb, all: Verbs): boolean {
  return split(words, all).path.join(" ") === path.join(" ");
}

/** Reads the words before the one that is typed, as far as they make sense. */
export function placeAfter(words: readonly string[], program: Command, all: Verbs): Place {
  const { path, rest } = split(words, all);
  const command = path.reduce((one, name) => one.commands.find((other) => other.name() === name) ?? one, program);
  const args: string[] = [];
  const options = new Map<string, string[]>();
  let pending: Option | undefined;
  let isRest = false;
  const give = (option: Option, value: string) => void options.set(option.name(), [...(options.get(option.name()) ?? []), value]);
  for (const word of rest) {
    if (pending !== undefined) {
      give(pending, word);
      pending = undefined;
    } else if (isRest || !word.startsWith("-")) args.push(word);
    else if (word === "--") isRest = true;
    else {
      const { option, value } = readOption(word, command);
      if (option !== undefined && (value !== undefined || !option.required)) give(option, value ?? "");
      else pending = option;
    }
  }
  return { command, args, options, pending, isRest };
}

/** The option that a word gives, and the value after its `=`. */
export function readOption(word: string, command: Command): { readonly option?: Option; readonly value?: string } {
  const [, name, value] = /^(--?[^=]+)(?:=([^]*))?$/.exec(word) ?? [];
  const option = command.options.find(({ long, short }) => name === long || name === short);
  return { ...(option === undefined ? {} : { option }), ...(value === undefined ? {} : { value }) };
}
