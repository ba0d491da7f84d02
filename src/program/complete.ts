import type { Argument, Command, Option } from "commander";
import { placeAfter, readOption, type Place } from "./place.ts";
import type { Verbs } from "./verb.ts";

/** A word that may be typed, and what it means. */
export interface Candidate {
  readonly word: string;
  readonly about?: string;
}

/** What may be typed: words, and paths. */
export interface Offer {
  readonly words?: readonly Candidate[];
  /** The shell completes a path. */
  readonly paths?: "files" | "folders" | undefined;
  /** What stands before the path in the word, such as `ovs=`. */
  readonly after?: string;
}

/** A value that is asked for: what help calls it, as the `line` of `--line <line>`. */
export interface Wanted {
  readonly name: string;
  /** What help says about it. */
  readonly description: string;
  /** What is typed of it. */
  readonly typed: string;
  readonly place: Place;
}

/** Finds the values that a command line may have somewhere. */
export type Lister = (wanted: Wanted) => Promise<Offer>;

/**
 * Finds what may stand for the last of some words, which is empty or half typed. Commands, options
 * and their choices come from the definition of the commands, the other values from `list`.
 */
export async function complete(words: readonly string[], program: Command, verbs: Verbs, list: Lister): Promise<Offer> {
  const typed = words.at(-1) ?? "";
  const isOption = typed.startsWith("-");
  const before = words.slice(0, -1);
  // An option without a command is one of the default command.
  const place = placeAfter(before.length === 0 && isOption ? [typed] : before, program, verbs);
  const here = before.length === 0 ? { ...place, args: [], options: new Map(), pending: undefined } : place;
  return keep(typed, await offer(typed, here, list));
}

async function offer(typed: string, place: Place, list: Lister): Promise<Offer> {
  const { command, pending, isRest } = place;
  if (pending !== undefined) return valuesOf(pending, typed, place, list);
  const { option, value } = isRest ? {} : readOption(typed, command);
  if (option !== undefined && value !== undefined) {
    const before = typed.slice(0, typed.length - value.length);
    const { words = [], after = "", ...rest } = await valuesOf(option, value, place, list);
    return { ...rest, after: before + after, words: words.map((one) => ({ ...one, word: before + one.word })) };
  }
  if (typed.startsWith("-") && !isRest) return { words: optionsOf(place) };
  const argument = argumentAt(place);
  const values = argument === undefined ? {} : await valuesOf(argument, typed, place, list);
  const subcommands = place.args.length === 0 && !isRest ? commandsOf(command) : [];
  // Where no argument may stand, an option may. The program itself and groups have commands to offer.
  const hasOptions = command.parent !== null && command.options.length > 0;
  const options = argument === undefined && hasOptions && !isRest ? optionsOf(place) : [];
  return { ...values, words: [...subcommands, ...(values.words ?? []), ...options] };
}

/** The argument that the next word is. */
function argumentAt({ command, args }: Place): Argument | undefined {
  const all = command.registeredArguments;
  const last = all.at(-1);
  return all[args.length] ?? (last?.variadic === true ? last : undefined);
}

async function valuesOf(of: Argument | Option, typed: string, place: Place, list: Lister): Promise<Offer> {
  if (of.argChoices !== undefined) return { words: of.argChoices.map((word) => ({ word })) };
  return list({ name: nameOfValue(of), description: of.description, typed, place });
}

/** What help calls a value: the `line` of `--line <line>`, the `dir` of `<dir>`. */
export function nameOfValue(of: Argument | Option): string {
  return "flags" in of ? (/[<[]([^\]>.]+)/.exec(of.flags)?.[1] ?? "") : of.name();
}

function commandsOf(command: Command): readonly Candidate[] {
  if (command.commands.length === 0) return [];
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ word: one.name(), about: one.description() }));
}

/** The options that are not given yet, or may be repeated; the required ones first. */
function optionsOf({ command, options }: Place): readonly Candidate[] {
  const open = command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => !options.has(option.name()) || Array.isArray(option.defaultValue));
  return [...open.filter(({ mandatory }) => mandatory), ...open.filter(({ mandatory }) => !mandatory)].flatMap(
    ({ long, description }) => (long === undefined || long === null ? [] : [{ word: long, about: description }]),
  );
}

/** What begins as typed. Words with characters that a shell reads are left out. */
function keep(typed: string, { words = [], ...rest }: Offer): Offer {
  return { ...rest, words: words.filter(({ word }) => word.startsWith(typed) && /^[\w@%+=:,./-]+$/.test(word)) };
}
