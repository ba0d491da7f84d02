import { Command, CommanderError, Help, type Option } from "commander";
import { BuildError } from "../errors.ts";
import type { Context } from "./context.ts";
import { usageError } from "./usage.ts";
import { examples } from "./values.ts";
import type { Verb, Verbs } from "./verb.ts";

const overview = `${examples(
  ["kovn-build --target linux --only ovs", "build patched Open vSwitch packages in dist/linux"],
  ["kovn-build --target windows --only ovs", "build Open vSwitch for Windows: installer, zip, debug files"],
  ["kovn-build doctor --target linux", "check what is missing on this machine"],
  ["kovn-build plan --target linux", "show what a build would do"],
  ["kovn-build --target linux --from ovs=../ovs", "take the pinned commit from a clone"],
  ["kovn-build report --open", "show a page of the newest run: timeline, errors, artifacts"],
  ["kovn-build patches list", "list the Kube-OVN changes and their patches"],
  ["kovn-build patches apply ovs work/ovs", "make a patched tree to work on"],
  ["kovn-build publish --to apt=/srv/apt", "publish dist/ as an apt repository"],
  ["kovn-build release notes", "show what changed since the last release"],
)}

Exit codes: 0 done, 1 failed, 2 wrong arguments or project files, 129/130/143 interrupted.`;

/**
 * Runs a command line (without node and script); an empty one shows the status of the project. Throws
 * "usage" when its words are wrong or it is empty outside of a project, and whatever its command throws.
 */
export async function runProgram(typed: readonly string[], context: Context, verbs: Verbs): Promise<void> {
  const isStatus = typed.length === 0 && (await context.project()).isPackage !== true;
  const words = isStatus ? [verbs.emptyVerb] : typed;
  const isLoaded = ({ path }: Verb) => isNamed(path, words, verbs);
  const program = await makeProgram(context, verbs, isLoaded, ({ path }) => isListed(path, words, verbs));
  if (words.length === 0) {
    context.report.write(`${program.helpInformation()}${overview}\n\n`);
    throw new BuildError("usage", "No command given.", { hint: "kovn-build --target linux" });
  }
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version end like this too.
    if (error.exitCode === 0) return;
    throw usageError(error, program, words, verbs.defaultVerb);
  }
}

/**
 * Makes the command tree. Commands that `isLoaded` does not accept have only a name and a
 * description; those that `shown` does not accept are left out.
 */
export async function makeProgram(
  context: Context,
  all: Verbs,
  isLoaded: (verb: Verb) => boolean,
  shown: (verb: Verb) => boolean = () => true,
): Promise<Command> {
  const { groups, verbs, defaultVerb } = all;
  const program = new Command("kovn-build")
    .description("Builds the patched Open vSwitch and OVN that Kube-OVN ships.")
    .version(context.version)
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
    .configureHelp({ optionDescription })
    .addHelpText("after", overview);
  for (const verb of verbs.filter(shown)) {
    const { path, description, load } = verb;
    const [first, second] = path;
    const group = program.commands.find((one) => one.name() === first);
    const parent = second === undefined ? program : (group ?? program.command(first).description(groups[first] ?? ""));
    const command = parent
      .command(second ?? first, { isDefault: second === undefined && first === defaultVerb })
      .description(description);
    if (isLoaded(verb)) (await load())(command, context, all);
    else
      command.action(() => {
        throw new Error(`command ${path.join(" ")} was not loaded`);
      });
  }
  return program;
}

/** The words of a command line that name a command: `help` may stand before any of them, and `--` before all. */
function namesOf(words: readonly string[]): readonly string[] {
  return words.filter((word) => word !== "help" && word !== "--");
}

/** True when a command line names the command, its group, or (with an option first) the default. */
function isNamed(path: Verb["path"], words: readonly string[], { verbs, defaultVerb }: Verbs): boolean {
  const [word = "--help", second = "-"] = namesOf(words);
  // The program's own options need no command.
  if (/^(-h|--help|-V|--version)$/.test(word)) return false;
  if (path[0] !== (/^(-|$)/.test(word) ? defaultVerb : word)) return false;
  if (path.length === 2) return second.startsWith("-") || second === path[1];
  // A command below another one, such as `build diff`, has none of the options of that one.
  return word !== path[0] || !verbs.some((verb) => verb.path[0] === word && verb.path[1] === second);
}

/**
 * False for a command below another one, such as `build diff`, unless the command line names it, or
 * asks for help: the word after options of `build` is none of its commands.
 */
function isListed(path: Verb["path"], words: readonly string[], { verbs }: Verbs): boolean {
  if (path.length === 1 || !verbs.some((verb) => verb.path.length === 1 && verb.path[0] === path[0])) return true;
  const [word, second] = namesOf(words);
  const asksHelp = words.some((one) => /^(help|-h|--help)$/.test(one));
  return word === path[0] && (second === path[1] || asksHelp);
}

/** As commander describes an option, without the defaults that every switch and list has. */
function optionDescription(option: Option): string {
  const isNoise = option.defaultValue === false || (Array.isArray(option.defaultValue) && option.defaultValue.length === 0);
  const shown = isNoise ? Object.assign(Object.create(option) as Option, { defaultValue: undefined }) : option;
  return new Help().optionDescription(shown);
}
