import { cacheFolder } from "../../cache/folder.ts";
import { examples } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";

/** `kovn-build cache path`: prints the folder, for programs that save and restore it. */
export const cachePath: Define = (command, context) => {
  command
    .addHelpText("after", examples(["du -sh $(kovn-build cache path)", "show how much disk the cache takes"]))
    .action(async () => context.print(`${cacheFolder((await context.project()).work)}\n`));
};
