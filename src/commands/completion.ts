import { join } from "node:path";
import { Argument } from "commander";
import { packageRoot } from "../config/package.ts";
import { complete, type Lister, type Offer } from "../program/complete.ts";
import { isNamedBy } from "../program/place.ts";
import { makeProgram } from "../program/program.ts";
import { examples } from "../program/values.ts";
import type { Define } from "../program/verb.ts";
import { readText } from "../sys/read-file.ts";

/** `kovn-build completion`: prints the completion of a shell, and for that script what may be typed. */
export const completion: Define = (command, context, verbs) => {
  command
    .addArgument(new Argument("<shell>", "shell that the completion is for").choices(["bash", "zsh", "fish"]))
    .argument("[words...]", "after `--`: print what may stand for the last of these words; the completion itself runs this")
    .addHelpText(
      "after",
      examples(
        ['eval "$(kovn-build completion bash)"', "complete in this bash; in ~/.bashrc: in each"],
        ['eval "$(kovn-build completion zsh)"', "the same for zsh, after compinit"],
        ["kovn-build completion fish | source", "the same for fish"],
      ),
    )
    .action(async (shell: string, words: readonly string[]) => {
      const { print, project } = context;
      if (words.length === 0)
        return print(await readText(join(packageRoot, "completions", `kovn-build.${shell}`), "a project file"));
      const typed = words.length === 1 ? words : words.slice(0, -1);
      const program = await makeProgram(context, verbs, (verb) => isNamedBy(typed, verb, verbs));
      // Commands and options are found without what reads a project.
      const list: Lister = async (wanted) => (await import("./values.ts")).listValues(wanted, project);
      print(showOffer(await complete(words, program, verbs, list)));
    });
};

/** A line each: a word, a tab and what it means; last, `:files` or `:folders` and what stands before the path. */
function showOffer({ words = [], paths, after = "" }: Offer): string {
  const lines = words.map(({ word, about = "" }) => `${word}\t${about.replaceAll(/\s+/g, " ")}`);
  return [...lines, ...(paths === undefined ? [] : [`:${paths} ${after}`])].map((line) => `${line}\n`).join("");
}
