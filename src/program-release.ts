import type { Command } from "commander";
import type { PublishCommand } from "./commands/publish.ts";
import { collect, positive } from "./program-values.ts";
import type { Surroundings } from "./program.ts";

const places = "apt=DIR | dir=DIR | tar=FILE";

/** Adds `publish` to the program. */
export function addRelease(program: Command, surroundings: Surroundings): void {
  addPublish(program, surroundings);
}

function allowOptions(command: Command): Command {
  return command
    .option("--allow-alternate", "take artifacts that were built on an alternate base; recorded", false)
    .option("--allow-unlocked", "take artifacts of a series that differs from its lock; recorded", false);
}

function addPublish(program: Command, { project, host, print }: Surroundings): void {
  const command = program
    .command("publish")
    .description("put built artifacts where users get them; all checks come first, and a repeated publish changes nothing")
    .argument("[artifacts...]", "folders of `build` or bundles of `publish --to tar=FILE`; default: dist")
    .option("--to <place>", `${places}; may be repeated`, collect, [])
    .option("--sign <key>", "gpg key (fingerprint, id or mail address) to sign with")
    .option("--keep <n>", "versions of each package that stay in the apt repository; default: all", positive);
  allowOptions(command)
    .option("--json", "machine-readable output", false)
    .action(async (inputs: readonly string[], options: PublishCommand) => {
      const { publishCommand } = await import("./commands/publish.ts");
      print(await publishCommand(inputs.length > 0 ? inputs : ["dist"], options, await project(), host));
    });
}
