import type { Command } from "commander";
import type { Context } from "./context.ts";

/** Gives a command its arguments, options, examples and action. `verbs` are all commands. */
export type Define = (command: Command, context: Context, verbs: Verbs) => void;

/** A command as the program lists it. The rest is loaded only when it is needed, so `--help` is quick. */
export interface Verb {
  /** One word, or the name of a group and one word. */
  readonly path: readonly [string] | readonly [string, string];
  readonly description: string;
  readonly load: () => Promise<Define>;
}

/** All commands of the program. */
export interface Verbs {
  /** What each group is for. */
  readonly groups: Readonly<Record<string, string>>;
  /** In the order in which help lists them. */
  readonly verbs: readonly Verb[];
  /** Name of the command that runs when the command line starts with an option. */
  readonly defaultVerb: string;
  /** Name of the command that runs when a project's folder has an empty command line. */
  readonly emptyVerb: string;
}
